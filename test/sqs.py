"""A fake of one queue of Amazon SQS, from its public description: SendMessage of the JSON protocol, its signature worked out anew.

    queue = Queue()
    program = rig.Program("lambda", env={**queue.environment(), "AWS_LAMBDA_RUNTIME_API": runtime.address})
    message = queue.take()      # {"body": …, "delay_s": …}
"""
import hashlib, hmac, json, queue, re, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdzE" + "x" * 700 + "==", "eu-central-1"
MAX_DELAY_S = 900


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature_problem(method, path, headers, body):
    """What is wrong with the request's signature of version 4; None: nothing. headers: names in lower case."""
    m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})",
                     headers.get("authorization", ""))
    if not m:
        return "no signature: %r" % headers.get("authorization")
    key, day, region, service, names, signature = m.groups()
    names = names.split(";")
    wanted = {"host", "x-amz-date"} | {n for n in headers if n.startswith("x-amz-")}
    if (key, region, service) != (KEY, REGION, "sqs") or names != sorted(names) or not wanted <= set(names):
        return "of %s in %s for %s, over %s" % (key, region, service, names)
    canonical = "\n".join([method, path, "", *("%s:%s" % (n, " ".join(headers[n].split())) for n in names), "", ";".join(names),
                           hashlib.sha256(body).hexdigest()])
    scope = "/".join((day, region, service, "aws4_request"))
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    k = _hmac(_hmac(_hmac(_hmac(("AWS4" + SECRET).encode(), day), region), service), "aws4_request")
    return None if hmac.compare_digest(_hmac(k, text).hex(), signature) else "the signature is another's"


class Queue:
    def __init__(self):
        self.messages, self.problems, self.connections, self.count = queue.Queue(), [], set(), 0
        self.refuse = None  # (status, body) in place of an answer
        self.silence = threading.Event()  # set: it takes requests and says nothing
        sqs = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def _reply(self, status, body):
                body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sqs.connections.add(self.client_address)
                if sqs.silence.is_set():
                    return threading.Event().wait(20)
                if sqs.refuse:
                    return self._reply(*sqs.refuse)
                problem = sqs.problem(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if problem:
                    sqs.problems.append(problem)
                    return self._reply(403, {"__type": "com.amazon.coral.service#InvalidSignatureException", "message": problem})
                sqs.count += 1
                message = json.loads(body)
                sqs.messages.put({"body": message["MessageBody"], "delay_s": message.get("DelaySeconds", 0)})
                self._reply(200, {"MessageId": "m%d" % sqs.count, "MD5OfMessageBody": hashlib.md5(message["MessageBody"].encode()).hexdigest()})

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d/123456789012/delays" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def problem(self, method, path, headers, body):
        if path != "/" or headers.get("x-amz-target") != "AmazonSQS.SendMessage" or headers.get("content-type") != "application/x-amz-json-1.0":
            return "no SendMessage of the JSON protocol: %s %r" % (path, headers)
        if headers.get("x-amz-security-token") != TOKEN:
            return "another session's token"
        message = json.loads(body)
        if message["QueueUrl"] != self.url or not 0 <= message.get("DelaySeconds", 0) <= MAX_DELAY_S or not message["MessageBody"]:
            return "a message that SQS would refuse: %r" % message
        return signature_problem(method, path, headers, body)

    def environment(self):
        return {"RINKSIDE_DELAY_QUEUE": self.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_SESSION_TOKEN": TOKEN}

    def take(self, wait_s=10):
        """The next message that was sent; None: none came."""
        try:
            return self.messages.get(timeout=wait_s)
        except queue.Empty:
            return None
