"""Reads an OpenAPI document from its input and tells what is wrong with it."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

wrong = list(OpenAPIV31SpecValidator(json.load(sys.stdin)).iter_errors())
for error in wrong:
    print("/".join(map(str, error.absolute_path)), error.message)
sys.exit(1 if wrong else 0)
