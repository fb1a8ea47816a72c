#!/usr/bin/env python3
"""Reduces a published description of an API to the JSON Schemas of what it answers.

    scripts/reduce-schemas.py openai openapi.yml > crates/testkit/schemas/openai.json

Where the descriptions come from is told in crates/testkit/schemas/README.md. YAML needs PyYAML.
"""

import json
import sys

# What is asked for, and so everything that it refers to.
ROOTS = {
    "openai": [
        "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse",
        "CreateCompletionResponse", "CreateEmbeddingResponse", "ErrorResponse",
        "ListModelsResponse", "Model", "Response", "ResponseStreamEvent", "ResponseItemList",
        "TokenCountsResource", "CompactResource",
    ],
    "open_responses": ["ResponseResource", "CompactResource"],
    "anthropic": [
        "Message", "MessageStreamEvent", "ErrorResponse", "CountMessageTokensResponse",
        "ListResponse_ModelInfo_", "ModelInfo",
    ],
    "cohere": ["ChatResponseV2", "StreamedChatResponseV2", "EmbedByTypeResponse"],
    "gemini": [
        "GenerateContentResponse", "CountTokensResponse", "EmbedContentResponse",
        "BatchEmbedContentsResponse", "ListModelsResponse", "Model",
    ],
    "bedrock": ["ConverseResponse", "ConverseStreamOutput", "CountTokensResponse"],
}

# What of a schema says something about a value.
SAID = {
    "type", "enum", "const", "required", "properties", "additionalProperties", "propertyNames",
    "items", "prefixItems", "anyOf", "oneOf", "not", "minimum", "maximum", "minItems", "maxItems",
    "minLength", "maxLength", "pattern",
}

DRAFT = "https://json-schema.org/draft/2020-12/schema"
BASE64 = "^[A-Za-z0-9+/_-]*={0,2}$"


TEXT = {"type": "string"}
COUNT = {"type": "integer"}


def patch_openai(schemas):
    """What the official SDK knows (openai 3.54 for Python) and the document does not yet."""
    details = schemas["CompletionUsage"]["properties"]["prompt_tokens_details"]
    details["properties"]["cache_write_tokens"] = COUNT
    details = schemas["ResponseUsage"]["properties"]["input_tokens_details"]
    details["properties"]["cache_write_tokens"] = COUNT
    details["required"].append("cache_write_tokens")
    members = schemas["ImageGenToolCall"]["properties"]
    for name in ("action", "background", "output_format", "quality", "revised_prompt", "size"):
        members[name] = TEXT
    # The examples of the document say null here, as the API does.
    nullable(schemas["Response"]["allOf"][2]["properties"], "usage")
    nullable(schemas["ModelResponseProperties"]["properties"], "prompt_cache_key", "safety_identifier")


def patch_anthropic(schemas):
    """What the official SDK knows (anthropic 2.12 for Python) and the document does not yet."""
    add(schemas["Message"], "diagnostics", {"type": ["object", "null"]})
    add(schemas["Usage"], "speed", {"enum": ["standard", "fast", None]})
    add(schemas["ModelInfo"], "lifecycle", {"enum": ["active", "deprecated", "retired"]})
    for name in ("line", "deprecated_at", "retires_at"):
        add(schemas["ModelInfo"], name, {"type": ["string", "null"]})
    # The guide to errors has one more: a body that is too large.
    too_large = json.loads(json.dumps(schemas["InvalidRequestError"]))
    too_large["properties"]["type"]["const"] = "request_too_large"
    schemas["RequestTooLargeError"] = too_large
    known = schemas["ErrorResponse"]["properties"]["error"]["discriminator"]["mapping"]
    known["request_too_large"] = "#/components/schemas/RequestTooLargeError"


def patch_cohere(schemas):
    """What is required and not described: the SDK's types have neither of it."""
    schemas["LogprobItem"]["required"] = ["token_ids"]
    schemas["EmbedByTypeResponse"]["required"] = ["id", "embeddings"]


def add(schema, name, member):
    schema["properties"][name] = member
    schema["required"].append(name)


def nullable(members, *names):
    for name in names:
        members[name] = {"anyOf": [members[name], {"type": "null"}]}


PATCHES = {"openai": patch_openai, "anthropic": patch_anthropic, "cohere": patch_cohere}


class OpenApi:
    """OpenAPI 3.0 and 3.1; objects are closed, unless they say what else they may have."""

    def __init__(self, document, closed=True):
        self.schemas = document["components"]["schemas"]
        self.closed = closed
        self.wanted = []

    def definition(self, name):
        return self.schema(self.schemas[name])

    def refer(self, name):
        if name not in self.wanted:
            self.wanted.append(name)
        return {"$ref": f"#/$defs/{name}"}

    def schema(self, node):
        if isinstance(node, bool):
            return node
        if node.get("nullable"):
            rest = {key: value for key, value in node.items() if key != "nullable"}
            return {"anyOf": [self.schema(rest), {"type": "null"}]}
        if "$ref" in node:
            return self.refer(node["$ref"].rsplit("/", 1)[1])
        if "allOf" in node:
            return self.schema(self.merged(node))
        if "discriminator" in node and "mapping" in node["discriminator"]:
            return self.union(node["discriminator"])
        out = {}
        for key, value in node.items():
            if key in SAID:
                out[key] = self.said(key, value)
        return self.finish(out, node)

    def said(self, key, value):
        if key == "properties":
            return {name: self.schema(member) for name, member in value.items()}
        if key in ("anyOf", "oneOf", "prefixItems"):
            return [self.schema(member) for member in value]
        if key in ("items", "additionalProperties", "propertyNames", "not"):
            return self.schema(value)
        return value

    def finish(self, out, node):
        # Variants overlap in several documents, so one is enough.
        if "oneOf" in out:
            out["anyOf"] = out.pop("oneOf")
        if "anyOf" in out:
            out["anyOf"] = flat(out["anyOf"])
            found = self.distinct(out["anyOf"])
            if found:
                return self.switch(*found)
        if "properties" in out:
            out.setdefault("type", "object")
            if self.closed and "anyOf" not in out:
                out.setdefault("additionalProperties", False)
        return out

    def resolve(self, node):
        while "$ref" in node:
            node = self.schemas[node["$ref"].rsplit("/", 1)[1]]
        return node

    def merged(self, node):
        """All parts of an `allOf` as one object; what a later part says of a member wins."""
        parts = [self.resolve(part) for part in node["allOf"]]
        parts = [self.merged(part) if "allOf" in part else part for part in parts]
        parts.append({key: value for key, value in node.items() if key != "allOf"})
        if len([part for part in parts if SAID & set(part)]) == 1:
            return next(part for part in node["allOf"] + parts[-1:] if SAID & set(self.resolve(part)) or "$ref" in part)
        out = {"type": "object", "properties": {}, "required": []}
        for part in parts:
            out["properties"].update(part.get("properties", {}))
            out["required"] += [name for name in part.get("required", []) if name not in out["required"]]
        return out

    def union(self, discriminator):
        name = discriminator["propertyName"]
        variants = {}
        for tag, ref in discriminator["mapping"].items():
            variant = ref.rsplit("/", 1)[1]
            members = self.schemas[variant].get("properties", {})
            if members and name not in members:
                # Cohere's document leaves it to the union to say.
                members[name] = {"const": tag}
            variants[tag] = self.refer(variant)
        return self.switch(name, variants)

    def distinct(self, variants):
        """The member whose one value tells the variants apart, and the variants by that value."""
        for name in ("type", "object", "role"):
            found = {}
            for variant in variants:
                # `variant` is written for the reduced file; look at the published definition.
                node = self.schemas[variant["$ref"].rsplit("/", 1)[1]] if "$ref" in variant else variant
                if "allOf" in node:
                    node = self.merged(node)
                member = self.resolve(node.get("properties", {}).get(name, {}))
                values = member.get("enum", [member["const"]] if "const" in member else [])
                if len(values) != 1 or values[0] in found or name not in node.get("required", []):
                    break
                found[values[0]] = variant
            else:
                # Where anybody may add variants, one is a union, too.
                if len(found) > (1 if self.closed else 0):
                    return name, found
        return None

    def switch(self, name, variants):
        """A union that says what is wrong with the variant that was meant."""
        return {
            "type": "object",
            "required": [name],
            "properties": {name: {"enum": list(variants)} if self.closed else TEXT},
            "allOf": [
                {"if": {"properties": {name: {"const": tag}}}, "then": variant}
                for tag, variant in variants.items()
            ],
        }


def flat(variants):
    """`anyOf` within `anyOf` as one list."""
    out = []
    for variant in variants:
        out += variant["anyOf"] if set(variant) == {"anyOf"} else [variant]
    return out


class Discovery:
    """Google's discovery document: protobuf's JSON, in which nothing is required and nothing null."""

    FORMATS = {
        "int64": {"type": "string", "pattern": "^-?[0-9]+$"},
        "uint64": {"type": "string", "pattern": "^[0-9]+$"},
        "byte": {"type": "string", "pattern": BASE64},
    }

    def __init__(self, document):
        self.schemas = document["schemas"]
        self.wanted = []

    def definition(self, name):
        return self.schema(self.schemas[name])

    def schema(self, node):
        name = node.get("$ref")
        # `MediaResolution` is referred to and not told.
        if node.get("type") == "any" or (name and name not in self.schemas):
            return {}
        if name:
            if name not in self.wanted:
                self.wanted.append(name)
            return {"$ref": f"#/$defs/{name}"}
        if node.get("format") in self.FORMATS:
            return dict(self.FORMATS[node["format"]])
        out = {key: node[key] for key in ("type", "enum") if key in node}
        if "items" in node:
            out["items"] = self.schema(node["items"])
        if "properties" in node:
            out["properties"] = {name: self.schema(member) for name, member in node["properties"].items()}
        if node.get("type") == "object":
            more = node.get("additionalProperties")
            out["additionalProperties"] = self.schema(more) if more else False
        return out


class Smithy:
    """The service model of an AWS SDK."""

    SCALARS = {
        "string": {"type": "string"},
        "integer": {"type": "integer"},
        "long": {"type": "integer"},
        "float": {"type": "number"},
        "double": {"type": "number"},
        "boolean": {"type": "boolean"},
        "timestamp": {"type": "number"},
        "blob": {"type": "string", "pattern": BASE64},
    }

    def __init__(self, document):
        self.shapes = document["shapes"]
        self.wanted = []

    def definition(self, name):
        shape = self.shapes[name]
        kind = shape["type"]
        if shape.get("document"):
            return {}
        if kind == "list":
            return {"type": "array", "items": self.refer(shape["member"]["shape"])}
        if kind == "map":
            return {"type": "object", "additionalProperties": self.refer(shape["value"]["shape"])}
        if kind != "structure":
            out = dict(self.SCALARS[kind])
            if "enum" in shape:
                out["enum"] = shape["enum"]
            return out
        members = {
            member.get("locationName", name): self.refer(member["shape"])
            for name, member in shape["members"].items()
        }
        out = {"type": "object", "properties": members, "additionalProperties": False}
        if shape.get("required"):
            out["required"] = shape["required"]
        if shape.get("union") or shape.get("eventstream"):
            out["minProperties"] = out["maxProperties"] = 1
        return out

    def refer(self, name):
        if name not in self.wanted:
            self.wanted.append(name)
        return {"$ref": f"#/$defs/{name}"}


def read(path):
    with open(path, encoding="utf-8") as file:
        if not path.endswith((".yml", ".yaml")):
            return json.load(file)
        import yaml

        class Loader(yaml.SafeLoader):
            """YAML without dates: an example is a text."""

        Loader.yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
            for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        return yaml.load(file, Loader)


def added_open_responses(source):
    # The document lists the events of a stream one by one in `text/event-stream`.
    content = source.document["paths"]["/responses"]["post"]["responses"]["200"]["content"]
    return {"StreamingEvent": source.schema(content["text/event-stream"]["schema"])}


def added_anthropic(source):
    # Not in the union of events, but in the guide to streaming: `ping`, and errors.
    return {"PingEvent": {
        "type": "object", "required": ["type"], "properties": {"type": {"const": "ping"}},
        "additionalProperties": False,
    }}


def added_cohere(source):
    paths = source.document["paths"]
    rerank = paths["/v2/rerank"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    errors = source.document["components"]["responses"]["BadRequest"]["content"]["application/json"]["schema"]
    return {"RerankResponse": source.schema(rerank), "Error": source.schema(errors)}


def added_gemini(source):
    # AIP-193 and google/rpc/code.proto: how errors are written over HTTP.
    status = source.schema(source.schemas["Status"])
    status["properties"]["status"] = {"enum": [
        "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
        "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    ]}
    status["required"] = ["code", "message", "status"]
    return {"Error": {
        "type": "object", "required": ["error"], "properties": {"error": status}, "additionalProperties": False,
    }}


def added_bedrock(source):
    # All exceptions of a whole answer: the name is in a header.
    return {"Exception": {
        "type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"],
        "additionalProperties": False,
    }}


ADDED = {
    "openai": lambda source: {}, "open_responses": added_open_responses, "anthropic": added_anthropic,
    "cohere": added_cohere, "gemini": added_gemini, "bedrock": added_bedrock,
}


def reduce(api, document):
    if api == "gemini":
        source = Discovery(document)
    elif api == "bedrock":
        source = Smithy(document)
    else:
        if api in PATCHES:
            PATCHES[api](document["components"]["schemas"])
        # Open Responses invites members and items of one's own, so its objects and unions stay open.
        source = OpenApi(document, closed=api != "open_responses")
    source.document = document
    definitions = ADDED[api](source)
    source.wanted = ROOTS[api] + [name for name in source.wanted if name not in ROOTS[api]]
    for name in source.wanted:  # Grows while it is read.
        definitions[name] = source.definition(name)
    return definitions


def main():
    api, path = sys.argv[1:]
    definitions = reduce(api, read(path))
    # A line for each definition: what a refresh changes is seen.
    lines = [f"  {text(name)}: {text(definition)}" for name, definition in sorted(definitions.items())]
    print(f'{{\n "$schema": "{DRAFT}",\n "$defs": {{\n' + ",\n".join(lines) + "\n }\n}")


def text(value):
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
