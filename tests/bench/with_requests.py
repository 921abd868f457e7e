# SPDX-License-Identifier: MIT
"""As the service's own sample has it: Python with requests."""

import os

import requests

with open(os.environ["MOBIVATE_PASSWORD_FILE"]) as file:
    password = file.read()
answer = requests.post(os.environ["MOBIVATE_BASE_URL"] + "/auth/createkey", json={"username": os.environ["MOBIVATE_USERNAME"], "password": password})
print(answer.json()["apiKey"])
