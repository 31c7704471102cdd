"""What `pulumi up` and `pulumi preview` run: load what the user wrote, make sure of the cluster, build, export."""

import pulumi

import program
from catalog.problems import CatalogError
from components.cluster import ClusterError, ensure_cluster
from components.referenced import look_up
from components.running import ensure_changeable, running_rollouts

try:
    settings = program.settings_of_the_run()
    catalog = program.load(settings)
    ensure_cluster(settings)
    running = running_rollouts(settings)
    ensure_changeable(settings, catalog.services, running)
    referenced = look_up(settings, catalog.services, running)
except (CatalogError, ClusterError) as error:
    # A RunError is shown as its message alone, without a traceback.
    raise pulumi.RunError(str(error)) from None

outputs = program.build(settings, catalog, referenced)
pulumi.export("prometheusAddress", outputs.prometheus_address)
pulumi.export("services", outputs.services)
pulumi.export("dashboards", outputs.dashboards)
pulumi.export("commands", outputs.commands)
