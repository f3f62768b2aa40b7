"""Asks the register by gRPC with the gRPC project's own library and nothing of ours.

Arguments: address, access token or an empty one. It has no copy of the contract: it asks for it
by reflection. Standard output is one JSON object.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

address, token = sys.argv[1:3]
channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)])
reflected = ProtoReflectionDescriptorDatabase(channel)
pool = descriptor_pool.DescriptorPool(reflected)


def call(service, method, fields, metadata=()):
    found = pool.FindServiceByName(service).FindMethodByName(method)
    request = message_factory.GetMessageClass(found.input_type)(**fields)
    answer = message_factory.GetMessageClass(found.output_type)
    stub = channel.unary_unary(
        f"/{service}/{method}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=answer.FromString,
    )
    try:
        return stub(request, timeout=20, metadata=metadata), "OK"
    except grpc.RpcError as error:
        return None, error.code().name


health = {}
for name in ["", "GrpcPlatform", "Nothing"]:
    answer, code = call("grpc.health.v1.Health", "Check", {"service": name})
    health[name] = answer.status if answer else code
metadata = [("authorization", f"Bearer {token}")] if token else []
answer, code = call("GrpcPlatform", "GetAllPlatforms", {}, metadata)
platforms = [
    {
        "platformId": one.platformId,
        "name": one.name,
        "publisher": one.publisher,
        "id": one.id,
        "lifecycle": one.lifecycle,
        "version": one.version,
    }
    for one in (answer.platform if answer else [])
]
json.dump(
    {
        "services": sorted(reflected.get_services()),
        "health": health,
        "code": code,
        "platforms": platforms,
    },
    sys.stdout,
)
