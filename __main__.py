"""What `pulumi up` and `pulumi preview` run: load what the user wrote, make sure of the cluster, build, export."""

import pulumi

import program
from catalog.problems import CatalogError
from components.cluster import ClusterError
from components.preflight import preflight

try:
    settings = program.settings_of_the_run()
    catalog = program.load(settings)
    referenced = preflight(settings, catalog.services)
except (CatalogError, ClusterError) as error:
    # A RunError is shown as its message alone, without a traceback.
    raise pulumi.RunError(str(error)) from None

outputs = program.build(settings, catalog, referenced)
pulumi.export("prometheusAddress", outputs.prometheus_address)
pulumi.export("services", outputs.services)
pulumi.export("dashboards", outputs.dashboards)
pulumi.export("commands", outputs.commands)
