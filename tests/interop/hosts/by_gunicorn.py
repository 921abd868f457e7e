# SPDX-License-Identifier: MIT
"""A WSGI application that creates a key for each request. Its client is made, and has a connection, before gunicorn forks (--preload)."""

import json
import os
import urllib.parse

import mobivate

client = mobivate.Client(base_url=os.environ["HOSTS_URL"], ca_file=os.environ["HOSTS_CA_FILE"], proxy="")
client.create_key(os.environ["HOSTS_FIRST"], os.environ["HOSTS_PASSWORD"])


def application(environ, start_response):
    username = urllib.parse.parse_qs(environ["QUERY_STRING"])["username"][0]
    try:
        answer = {"key": client.create_key(username, os.environ["HOSTS_PASSWORD"]), "process": os.getpid()}
    except mobivate.MobivateError as error:
        answer = {"error": str(error), "process": os.getpid()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
