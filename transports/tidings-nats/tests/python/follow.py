"""Follows a stream of Tidings on NATS with published packages alone: nats-py and cloudevents.

    python3 follow.py nats://127.0.0.1:4222 orders 64 1000

reads 1000 events of the stream `orders`, which has 64 slots, checks each against what is promised
about it, and prints one line per event: its address, its key, its type and its data.
"""

import asyncio
import hashlib
import json
import sys

import nats
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

WAIT_SECONDS = 20


def slot_of(key: str, slots: int) -> int:
    """The 64-bit FNV-1a hash of the key, modulo the number of slots."""
    value = 0xCBF29CE484222325
    for byte in key.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value % slots


def check(message, stream: str, slots: int, last: dict[int, int]):
    """Reads a message as a CloudEvent and holds it against the promises; gives the event."""
    headers = message.headers
    media_type = headers["Content-Type"]
    assert media_type == "application/cloudevents+json", media_type
    event = from_http_event(HTTPMessage({"content-type": media_type}, message.data))
    assert event.get_specversion() == "1.0"
    name, slot, sequence = event.get_id().rsplit(".", 2)
    slot, sequence = int(slot), int(sequence)
    assert name == stream, name
    assert headers["Nats-Msg-Id"] == event.get_id()
    assert message.subject == f"tidings.{stream}.{slot}", message.subject
    assert event.get_source() == f"/streams/{stream}", event.get_source()
    assert int(event.get_extension("sequence")) == sequence
    key = event.get_extension("partitionkey")
    assert key == event.get_subject()
    assert slot == slot_of(key, slots), (key, slot)
    schema = event.get_dataschema()
    assert schema.startswith(f"urn:tidings:{stream}:{event.get_type()}:"), schema
    version, trace, _, _ = event.get_extension("traceparent").split("-")
    assert version == "00" and len(trace) == 32
    assert event.get_time().tzinfo is not None
    seal = hashlib.sha256(message.data).hexdigest()
    assert headers["Tidings-Seal"] == f"sha256={seal}"
    assert sequence == last.get(slot, 0) + 1, f"{event.get_id()} comes after {last.get(slot, 0)}"
    last[slot] = sequence
    return event


async def follow(url: str, stream: str, slots: int, wanted: int) -> None:
    client = await nats.connect(url)
    jetstream = client.jetstream()
    subscription = await jetstream.subscribe(f"tidings.{stream}.*", ordered_consumer=True)
    last: dict[int, int] = {}
    for _ in range(wanted):
        message = await subscription.next_msg(timeout=WAIT_SECONDS)
        event = check(message, stream, slots, last)
        data = event.get_data()
        if isinstance(data, (bytes, str)):
            data = json.loads(data)
        line = [event.get_id(), event.get_subject(), event.get_type(), data]
        print(json.dumps(line))
    await client.close()


if __name__ == "__main__":
    _, url, stream, slots, wanted = sys.argv
    asyncio.run(follow(url, stream, int(slots), int(wanted)))
