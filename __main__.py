"""What `pulumi up` and `pulumi preview` run: load what the user wrote, make sure of the cluster, build, export."""

import os

import pulumi

import program
from catalog.problems import CatalogError
from components.cluster import ClusterError
from components.live_objects import live_reader
from components.preflight import TOUCHED, preflight
from components.registration import begun, without_messages

without_messages()
try:
    settings = program.settings_of_the_run()
    catalog = program.load(settings)
    live = live_reader(settings) if settings.cluster.adopt else None
    found = preflight(settings, catalog.services, live, os.environ.get(TOUCHED))
    outputs = program.build(settings, catalog, found, live)
except (CatalogError, ClusterError) as error:
    # A RunError is shown as its message alone, without a traceback.
    raise pulumi.RunError(str(error)) from None

pulumi.export("prometheusAddress", outputs.prometheus_address)
pulumi.export("services", outputs.services)
pulumi.export("dashboards", outputs.dashboards)
pulumi.export("commands", outputs.commands)
pulumi.run(begun)
