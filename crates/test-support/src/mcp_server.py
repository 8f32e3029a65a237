"""An MCP server for tests: `mcp_server.py [--http PORT] [FAULT ...]`.

Faults: `junk` (prints what is no message), `malformed` (half a list), `huge` (500 tools, in
pages), `mute` (never says what it offers), `dies` (ends at once), `changed` (another tool).
"""
import http.server
import json
import os
import signal
import sys

arguments = sys.argv[1:]
port = int(arguments[arguments.index("--http") + 1]) if "--http" in arguments else None
count = 0


def tool(name, about, reads=False, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    hints = {"readOnlyHint": reads}
    return {"name": name, "description": about, "inputSchema": schema, "annotations": hints}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TOOLS = [
    tool("add", "Adds \x1b[31mtwo numbers.", True, a=NUMBER, b=NUMBER),
    tool("count", "Counts how often it is called."),
    tool("say", "Says a text, the word SECRET with what stands in the file secret.txt.", text=TEXT),
    tool("picture", "Draws."),
    tool("head", "Says the first line of a file.", True, path=TEXT),
    tool("fetch", "Reads an address with curl.", address=TEXT),
    tool("die", "Ends the server."),
    tool("hang", "Never answers."),
]
if "changed" in arguments:
    TOOLS[1] = tool("count", "Counts otherwise.", by=NUMBER)
if "huge" in arguments:
    TOOLS = [tool("tool-%d" % n, "One of many. " * 40) for n in range(500)]


def call(name, given):
    global count
    if name == "add":
        return {"content": [{"type": "text", "text": "sum %d" % (given["a"] + given["b"])}]}
    if name == "count":
        count += 1
        return {"content": [{"type": "text", "text": "counted %d" % count}]}
    if name == "say":
        text = given["text"]
        if "SECRET" in text:
            text = text.replace("SECRET", open("secret.txt").read().strip())
        return {"content": [{"type": "text", "text": text}]}
    if name == "picture":
        return {"content": [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]}
    if name == "head":
        return {"content": [{"type": "text", "text": open(given["path"]).readline()}]}
    if name == "fetch":
        said = os.popen("curl -sS -m 20 --noproxy '' '%s' 2>&1" % given["address"]).read()
        return {"content": [{"type": "text", "text": said}]}
    if name == "die":
        sys.stderr.write("no \x1b[31mmore of this\n")
        sys.stderr.flush()
        os._exit(3)
    while True:
        signal.pause()


def answer(message):
    method, given = message.get("method"), message.get("params") or {}
    if "id" not in message:
        return None
    if method == "initialize":
        result = {
            "protocolVersion": given["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "of-the-tests", "version": "1"},
        }
    elif method == "tools/list":
        first = int(given.get("cursor") or 0)
        result = {"tools": TOOLS[first : first + 50]}
        if first + 50 < len(TOOLS):
            result["nextCursor"] = str(first + 50)
    elif method == "tools/call" and given["name"] in [tool["name"] for tool in TOOLS]:
        result = call(given["name"], given.get("arguments") or {})
    else:
        error = {"code": -32602, "message": "there is no %s" % given.get("name", method)}
        return {"jsonrpc": "2.0", "id": message["id"], "error": error}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


def stdio():
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "tools/list" and "mute" in arguments:
            continue
        said = answer(message)
        if "junk" in arguments:
            print("starting up ...\n\n[1, 2\n{}\n\x1b[2J")
        if said is not None:
            text = json.dumps(said)
            malformed = "malformed" in arguments and message["method"] == "tools/list"
            print(text[: len(text) // 2] if malformed else text, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = answer(json.loads(body))
        self.send_response(202 if said is None else 200)
        self.send_header("Content-Type", "application/json")
        text = b"" if said is None else json.dumps(said).encode()
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.send_error(405)

    do_DELETE = do_GET

    def log_message(self, *_):
        pass


if "dies" in arguments:
    sys.exit("no such thing as a configuration")
if port is None:
    stdio()
else:
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
