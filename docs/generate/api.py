"""The page of the HTTP API, from the OpenAPI schema that the server gives."""

from typing import Any

from core.api.form import MAX_FILES
from core.api.guards import MAX_BYTES
from core.api.routes import MAX_WAITING, api
from docs.generate.template import filled

SCHEMAS = "#/components/schemas/"
LIMITS = {"megabytes": MAX_BYTES // 2**20, "files": MAX_FILES, "waiting": MAX_WAITING}


def page() -> str:
    """docs/api.md"""
    schema = api.openapi()
    operations = [
        _operation(method, path, description)
        for path, methods in schema["paths"].items()
        for method, description in methods.items()
    ]
    objects = [_object(name, item) for name, item in schema["components"]["schemas"].items()]
    return filled(
        "api.md", "the OpenAPI schema of core/api", operations=operations, objects=objects, **LIMITS
    )


def _operation(method: str, path: str, description: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        (f"`{item['name']}`", _type(item["schema"]), _default(item["schema"]))
        for item in description.get("parameters", [])
    ]
    form = description.get("requestBody", {}).get("content", {})
    fields = [
        (f"`{name}`", _type(item), kind)
        for kind, content in form.items()
        for name, item in content["schema"]["properties"].items()
    ]
    responses = [
        (status, item["description"].replace("Successful Response", "Success."), _content(item))
        for status, item in sorted(description["responses"].items())
    ]
    return {
        "title": f"{method.upper()} {path}",
        "summary": description["summary"],
        "description": description["description"],
        "parameters": parameters,
        "fields": fields,
        "responses": responses,
    }


def _content(response: dict[str, Any]) -> str:
    return ", ".join(_type(item["schema"]) for item in response.get("content", {}).values())


def _object(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    required = schema.get("required", [])
    properties = [
        (f"`{key}`", _type(item), "yes" if key in required else "no")
        for key, item in schema["properties"].items()
    ]
    return {"name": name, "description": schema.get("description", ""), "properties": properties}


def _default(schema: dict[str, Any]) -> str:
    return str(int(schema["default"])) if "default" in schema else "none"


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema in words; another object becomes a link to its table."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        return f"object of {_type(values)}"
    return "file" if schema.get("format") == "binary" else schema.get("type", "any value")
