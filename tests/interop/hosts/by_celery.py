# SPDX-License-Identifier: MIT
"""A Celery application whose task creates a key, with a client from before the worker forks. As a program it has the task done:
by_celery.py USERNAME prints what came of it."""

import json
import os
import pathlib
import sys

import celery
import mobivate

folder = pathlib.Path(os.environ["HOSTS_FOLDER"])
app = celery.Celery("by_celery", broker="filesystem://", backend=f"file://{folder}/results")
app.conf.broker_transport_options = {
    "data_folder_in": f"{folder}/queue",
    "data_folder_out": f"{folder}/queue",
    "control_folder": f"{folder}/control",
}
app.conf.worker_prefetch_multiplier = 1
client = None


@app.task
def create_key(username):
    try:
        return {"key": client.create_key(username, os.environ["HOSTS_PASSWORD"]), "process": os.getpid()}
    except mobivate.MobivateError as error:
        return {"error": str(error), "process": os.getpid()}


if __name__ == "__main__":
    print(json.dumps(app.send_task("by_celery.create_key", sys.argv[1:]).get(timeout=60, interval=0.01)))
else:
    client = mobivate.Client(base_url=os.environ["HOSTS_URL"], ca_file=os.environ["HOSTS_CA_FILE"], proxy="")
    client.create_key(os.environ["HOSTS_FIRST"], os.environ["HOSTS_PASSWORD"])
