"""Prints the data of each event, over cuts and restarts, as httpx-sse's own page says that reconnecting is done."""
import sys
import time

import httpx
from httpx_sse import connect_sse


def listen(url: str) -> None:
    last_id, delay = "", 0.2
    # No limit for reads: heartbeats come every 30 seconds, httpx gives up after 5.
    with httpx.Client(timeout=httpx.Timeout(5, read=None)) as client:
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                with connect_sse(client, "GET", url, headers=headers) as source:
                    for event in source.iter_sse():
                        last_id = event.id or last_id
                        if event.retry is not None:
                            delay = event.retry / 1000
                        if event.event == "message":
                            print(event.data, flush=True)
            except httpx.TransportError:
                pass
            time.sleep(delay)


listen(sys.argv[1])
