# SPDX-License-Identifier: MIT
"""As the service's own sample has it: Python with requests."""

import os

import requests

with open(os.environ["MOBIVATE_PASSWORD_FILE"]) as file:
    password = file.read()
account = {"username": os.environ["MOBIVATE_USERNAME"], "password": password}
answer = requests.post(os.environ["MOBIVATE_BASE_URL"] + "/auth/createkey", json=account)
print(answer.json()["apiKey"])
