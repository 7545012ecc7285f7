"""A client as a script has it: pycriu's own calls.

    client swrk PROGRAM check|dump
    client service SOCKET version|features|check|dump

It prints one JSON object. pycriu has calls for check and dump only; the other questions are its messages.
"""

import json
import os
import socket
import sys

import pycriu
from pycriu import rpc

how, where, what = sys.argv[1:]


def told(answer):
    print(json.dumps(answer))


def call():
    criu = pycriu.criu()
    (criu.use_sk if how == "service" else criu.use_binary)(where)
    if what == "dump":
        criu.opts.images_dir_fd = os.open(".", os.O_DIRECTORY)
    try:
        getattr(criu, what)()
        told({"result": True})
    except pycriu.CRIUException as error:
        told({"error": str(error), "errno": getattr(error, "errno", None)})


def message():
    request = rpc.criu_req()
    request.type = {"version": rpc.VERSION, "features": rpc.FEATURE_CHECK}[what]
    if what == "features":
        request.features.mem_track = request.features.lazy_pages = request.features.pidfd_store = True
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(where)
        connection.send(request.SerializeToString())
        response = rpc.criu_resp()
        response.ParseFromString(connection.recv(65536))
    answer = {"type": response.type, "success": response.success, "errno": response.cr_errno, "message": response.cr_errmsg}
    if response.HasField("features"):
        answer["features"] = {name: getattr(response.features, name) for name in ("mem_track", "lazy_pages", "pidfd_store")}
    if response.HasField("version"):
        answer["version"] = {"major": response.version.major_number, "minor": response.version.minor_number}
    told(answer)


call() if what in ("check", "dump") else message()
