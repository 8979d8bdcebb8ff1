"""A fake of AWS Lambda's runtime interface, from its public description (2018-06-01): the next invocation,
its response or its error, an error of the initialisation. One function at a time.

    runtime = Runtime()
    program = rig.Program("lambda", env={"AWS_LAMBDA_RUNTIME_API": runtime.address})
    kind, answer = runtime.invoke({"command": "ingest", "game_id": 2023020001})   # ("response", {...})
"""
import json, queue, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"


class Runtime:
    def __init__(self):
        self.events, self.answers, self.asked = queue.Queue(), queue.Queue(), threading.Event()
        self.headers, self.count, self.next_status = {}, 0, 200
        runtime = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def _reply(self, status, body=b"", **headers):
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k.replace("_", "-"), v)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path != PREFIX + "invocation/next":
                    return self._reply(404)
                if runtime.next_status != 200:
                    return self._reply(runtime.next_status, b'{"errorMessage":"container error"}')
                runtime.asked.set()
                event, deadline_s, request_id = runtime.events.get()
                if event is None:
                    self.close_connection = True
                    return
                self._reply(200, event, Content_Type="application/json", Lambda_Runtime_Aws_Request_Id=request_id,
                            Lambda_Runtime_Deadline_Ms=str(int((time.time() + deadline_s) * 1000)),
                            Lambda_Runtime_Trace_Id="Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
                            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:eu-central-1:123456789012:function:rinkside")

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                runtime.answers.put((self.path[len(PREFIX):], body, dict(self.headers)))
                self._reply(202, b'{"status":"OK"}')

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a function that was ended breaks off its question

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def send(self, event, deadline_s=30):
        """Queues an event; its request id."""
        self.count += 1
        request_id = "8476a536-e9f4-11e8-9739-%012d" % self.count
        self.events.put((event if isinstance(event, bytes) else json.dumps(event).encode(), deadline_s, request_id))
        return request_id

    def take(self, wait_s=20):
        """The next answer: ("response" or "error" or "init/error", JSON), checked against the id it is for; (None, None): none came."""
        try:
            path, body, self.headers = self.answers.get(timeout=wait_s)
        except queue.Empty:
            return None, None
        self.bytes = len(body)
        return (path if path == "init/error" else path.split("/")[-1]), json.loads(body)

    def invoke(self, event, deadline_s=30, wait_s=20):
        self.send(event, deadline_s)
        return self.take(wait_s)

    def go_away(self):
        self.events.put((None, 0, ""))
        self.server.shutdown()
        self.server.server_close()
