# SPDX-License-Identifier: MIT
"""Creates an account at the stand-in: account.py USERNAME PASSWORD"""

import json
import os
import sys
import urllib.request

facts = json.loads(os.environ["MOBIVATE_STANDIN"])
request = urllib.request.Request(facts["http"] + "/standin/accounts", method="POST",
                                 data=json.dumps({"username": sys.argv[1], "password": sys.argv[2]}).encode())
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
