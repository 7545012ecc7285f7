"""The Python client gql: clients.py unix:PATH | http://HOST:PORT TOKEN; prints what it got as one line of JSON."""
import asyncio, json, sys

import aiohttp
import httpx
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport


async def main(where, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    session = {}
    uds = None
    url = f"{where}/graphql"
    if where.startswith("unix:"):
        uds = where.removeprefix("unix:")
        session = {"connector": aiohttp.UnixConnector(path=uds)}
        url = "http://localhost/graphql"
    got = {}
    transport = AIOHTTPTransport(url=url, headers=headers, client_session_args=session)
    async with Client(transport=transport, fetch_schema_from_transport=True) as client:
        got["query"] = await client.execute(gql("query($n: String!) { feature(name: $n) { id finding { verdict } } }"),
                                            variable_values={"n": "sk_ns"})
        got["events"] = [event["check"]["__typename"] async for event in client.subscribe(
            gql("subscription { check(scope: ALL) { __typename } }"))]
        try:
            await client.execute(gql('{ features(names: ["nothing"]) { id } }'))
        except TransportQueryError as error:
            got["code"] = error.errors[0]["extensions"]["code"]
    sync = HTTPXTransport(url=url, headers=headers, transport=httpx.HTTPTransport(uds=uds))
    with Client(transport=sync, fetch_schema_from_transport=True) as client:
        got["sync"] = client.execute(gql("{ host { kernel } }"))
    print(json.dumps(got))


asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
