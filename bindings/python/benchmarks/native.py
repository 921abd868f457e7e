# SPDX-License-Identifier: MIT
"""The same with Python's own client."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import urllib.parse


def main(count: int) -> None:
    url = urllib.parse.urlsplit(os.environ["MOBIVATE_BASE_URL"])
    with open(os.environ["MOBIVATE_PASSWORD_FILE"], encoding="utf-8") as file:
        body = json.dumps({"username": os.environ["MOBIVATE_USERNAME"], "password": file.read()})
    connection = http.client.HTTPSConnection(
        url.netloc, context=ssl.create_default_context(cafile=os.environ["MOBIVATE_CA_FILE"])
    )
    for _ in range(count):
        connection.request("POST", url.path + "/auth/createkey", body, {"Content-Type": "application/json"})
        if not json.load(connection.getresponse())["apiKey"]:
            raise ValueError("no key")
    connection.close()
    print("created", count)


main(int(sys.argv[1]))
