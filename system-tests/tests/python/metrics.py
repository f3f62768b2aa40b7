"""Reads /metrics with the Prometheus project's own parser, and says what it has understood.

Standard input is the page; standard output is one JSON object: of each family its type, its
labels, how many samples it has, and their sum.
"""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    name = family.name
    if family.type == "counter":
        # The parser takes the suffix off, as OpenMetrics does.
        name += "_total"
    if name in families:
        sys.exit(f"{name} is there twice")
    if not family.documentation:
        sys.exit(f"{name} is not explained")
    seen = set()
    for sample in family.samples:
        address = (sample.name, tuple(sorted(sample.labels.items())))
        if address in seen:
            sys.exit(f"{address} is there twice")
        seen.add(address)
    labels = {label for sample in family.samples for label in sample.labels}
    families[name] = {
        "type": family.type,
        "labels": sorted(labels - {"le"}),
        "samples": len(family.samples),
        "sum": sum(sample.value for sample in family.samples),
    }
json.dump(families, sys.stdout)
