"""The front of the Google Cloud Storage emulator: what the official Rust crate needs and fake-gcs-server lacks.

State lives in the real fake-gcs-server behind it (backend "memory"). This front adds

1. HTTP: passes the JSON and XML calls through and mends the upload of one request, where the server
   loses the content type and stumbles over the checksum that the crate sends last.
2. gRPC, google.storage.v2.Storage: delete, get, list, rewrite, bucket get and create, with Google's own
   message types, each answered by a call of the JSON API.
3. Conditional deletes: the server ignores ifGenerationMatch on DELETE, so it is checked here, under the
   same lock that uploads of that object take.
4. Faults on demand, one bucket at a time, so that tests which run side by side do not disturb each other:
       POST /_front/faults {"bucket": "b", "kind": "503" | "429" | "reset" | "hang" | "lost", "count": 2, "on": "write" | "read" | "delete" | "any"}
   The next `count` such calls of that bucket fail; then everything passes again. {"count": 0} clears.

    front.py UPSTREAM_PORT HTTP_PORT GRPC_PORT      prints "ready" once it listens on both
"""

import datetime
import http.client
import json
import re
import socket
import struct
import sys
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import grpc
from google.cloud._storage_v2.types import storage as v2
from google.protobuf import empty_pb2

HERE = "127.0.0.1"
UPSTREAM, HTTP_PORT, GRPC_PORT = (int(argument) for argument in sys.argv[1:4])
HOP_BY_HOP = {"transfer-encoding", "connection", "content-length", "keep-alive"}
HANG_SECONDS = 30


# --- Calling the real server ------------------------------------------------------------------------

class Answer:
    """What fake-gcs-server said, read whole."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.getheaders(), response.read()
        self.length = response.getheader("Content-Length")


def upstream(method, target, body=b"", headers=None):
    connection = http.client.HTTPConnection(HERE, UPSTREAM, timeout=30)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        connection.request(method, target, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def object_path(bucket, name):
    return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


class Refused(Exception):
    """An answer that is not 2xx, with the status it came with."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def call(method, path, query=None, body=None):
    """A call of the JSON API; returns the parsed answer, or raises Refused."""
    payload = b"" if body is None else json.dumps(body).encode()
    target = path + ("?" + urlencode(query) if query else "")
    answer = upstream(method, target, payload, {"Content-Type": "application/json"})
    if answer.status >= 300:
        raise Refused(answer.status, answer.body.decode(errors="replace"))
    return json.loads(answer.body) if answer.body.strip() else None


# --- Deleting under a condition ------------------------------------------------------------------------

LOCKS = [threading.Lock() for _ in range(64)]


def lock_of(bucket, name):
    return LOCKS[hash((bucket, name)) % len(LOCKS)]


def delete_object(bucket, name, conditions):
    """Deletes if the object is what the caller thinks it is; raises Refused with 404 or 412."""
    with lock_of(bucket, name):
        if conditions:
            found = call("GET", object_path(bucket, name))
            for condition, wanted in conditions.items():
                field = "metageneration" if "Meta" in condition else "generation"
                same = int(found.get(field) or 0) == int(wanted)
                if same == condition.endswith("NotMatch"):
                    raise Refused(412, f"{condition} does not hold")
        call("DELETE", object_path(bucket, name))


# --- Faults on demand -----------------------------------------------------------------------------------

class Faults:
    def __init__(self):
        self.lock, self.waiting = threading.Lock(), {}

    def order(self, wish):
        with self.lock:
            self.waiting[wish["bucket"]] = wish if int(wish.get("count", 1)) > 0 else {}

    def next(self, bucket, action):
        """The fault that this call must show, if any: "503", "429", "reset", "hang", or "lost": done, but the answer
        never arrives."""
        with self.lock:
            wish = self.waiting.get(bucket)
            if not wish or wish.get("on", "any") not in ("any", action) or int(wish.get("count", 1)) <= 0:
                return None
            wish["count"] = int(wish.get("count", 1)) - 1
            return str(wish.get("kind", "503"))


FAULTS = Faults()


# --- HTTP -----------------------------------------------------------------------------------------------

def bucket_and_object(path):
    """Of /storage/v1/b/B/o/NAME, /upload/storage/v1/b/B/o, /download/… and /B/NAME."""
    found = re.match(r"(?:/upload|/download)?/storage/v1/b/([^/]+)(?:/o(?:/(.+))?)?$", path)
    found = found or re.match(r"/([^/_][^/]*)(?:/(.+))?$", path)
    return (unquote(found[1]), unquote(found[2] or "")) if found else ("", "")


def split_multipart(content_type, body):
    """The metadata and the media of an upload in one request. The crate may send checksums as a third part."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)[1].encode()
    parts = body.split(b"--" + boundary)[1:-1]  # each: CR LF, headers, CR LF CR LF, content, CR LF
    metadata = json.loads(parts[0].split(b"\r\n\r\n", 1)[1])
    media_head, media = parts[1].split(b"\r\n\r\n", 1)
    if len(parts) > 2:
        metadata.update(json.loads(parts[2].split(b"\r\n\r\n", 1)[1]))
    declared = re.search(rb"(?i)content-type:\s*([^\r\n]+)", media_head)
    media_type = metadata.get("contentType") or (declared[1].decode() if declared else "application/octet-stream")
    return boundary, metadata, media_type, media.removesuffix(b"\r\n")


def join_multipart(boundary, metadata, media_type, media):
    return b"".join((
        b"--", boundary, b"\r\nContent-Type: application/json\r\n\r\n", json.dumps(metadata).encode(),
        b"\r\n--", boundary, b"\r\nContent-Type: ", media_type.encode(), b"\r\n\r\n", media,
        b"\r\n--", boundary, b"--\r\n",
    ))


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loses_its_answer = False
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.read_body()
        url = urlsplit(self.path)
        if url.path == "/_front/faults":
            FAULTS.order(json.loads(body))
            return self.answer(204)
        bucket, name = bucket_and_object(url.path)
        action = {"POST": "write", "PUT": "write", "DELETE": "delete"}.get(self.command, "read")
        fault = FAULTS.next(bucket, action)
        if fault and fault != "lost":
            return self.show(fault)
        self.loses_its_answer = fault == "lost"
        query = parse_qs(url.query)
        if self.command == "DELETE" and name:
            return self.delete(bucket, name, query)
        if query.get("uploadType") == ["multipart"]:
            boundary, metadata, media_type, media = split_multipart(self.headers["Content-Type"], body)
            name = metadata.get("name") or query.get("name", [""])[0]
            with lock_of(bucket, name):
                return self.forward(join_multipart(boundary, metadata, media_type, media))
        return self.forward(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def forward(self, body):
        """To the real server; with a Host that has our port, which the crate leaves out."""
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | {"host"}}
        headers |= {"Host": f"{HERE}:{HTTP_PORT}", "Content-Length": str(len(body))}
        answer = upstream(self.command, self.path, body, headers)
        kept = [(k, v) for k, v in answer.headers if k.lower() not in HOP_BY_HOP | {"date", "server"}]
        self.answer(answer.status, answer.body, kept, answer.length)

    def delete(self, bucket, name, query):
        try:
            delete_object(bucket, name, {k: v[0] for k, v in query.items() if k.endswith("Match")})
        except Refused as refused:
            error = {"error": {"code": refused.status, "message": str(refused)}}
            return self.answer(refused.status, json.dumps(error).encode(), [("Content-Type", "application/json")])
        return self.answer(204)

    def show(self, fault):
        if fault == "hang":
            time.sleep(HANG_SECONDS)
        if fault in ("hang", "reset"):
            return self.reset()
        return self.answer(int(fault))

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def answer(self, status, body=b"", headers=(), length_of_head=None):
        if self.loses_its_answer:
            return self.reset()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", (length_of_head or "0") if is_head else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


# --- gRPC -----------------------------------------------------------------------------------------------

CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
CONDITIONS = {
    "if_generation_match": "ifGenerationMatch",
    "if_generation_not_match": "ifGenerationNotMatch",
    "if_metageneration_match": "ifMetagenerationMatch",
    "if_metageneration_not_match": "ifMetagenerationNotMatch",
}


def last(resource):
    """`projects/_/buckets/photos` is the bucket `photos`."""
    return resource.rsplit("/", 1)[-1]


def conditions(request):
    return {theirs: getattr(request, ours) for ours, theirs in CONDITIONS.items() if ours in request}


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def to_object(found):
    return v2.Object(
        name=found["name"],
        bucket="projects/_/buckets/" + found["bucket"],
        size=int(found.get("size") or 0),
        content_type=found.get("contentType", ""),
        cache_control=found.get("cacheControl", ""),
        metadata=found.get("metadata") or {},
        generation=int(found.get("generation") or 0),
        metageneration=int(found.get("metageneration") or 0),
        etag=found.get("etag", ""),
        create_time=moment(found.get("timeCreated")),
        update_time=moment(found.get("updated")),
    )


def to_bucket(found):
    return v2.Bucket(name="projects/_/buckets/" + found["name"], bucket_id=found["name"])


def grpc_delete(request):
    delete_object(last(request.bucket), request.object_, conditions(request))
    return empty_pb2.Empty()


def grpc_get(request):
    return to_object(call("GET", object_path(last(request.bucket), request.object_), conditions(request)))


def grpc_list(request):
    query = {"prefix": request.prefix, "delimiter": request.delimiter, "pageToken": request.page_token,
             "maxResults": request.page_size, "startOffset": request.lexicographic_start}
    page = call("GET", f"/storage/v1/b/{last(request.parent)}/o", {k: v for k, v in query.items() if v})
    return v2.ListObjectsResponse(
        objects=[to_object(found) for found in page.get("items") or []],
        prefixes=page.get("prefixes") or [],
        next_page_token=page.get("nextPageToken") or "",
    )


def grpc_rewrite(request):
    source = object_path(last(request.source_bucket), request.source_object)
    target = f"/rewriteTo/b/{last(request.destination_bucket)}/o/{quote(request.destination_name, safe='')}"
    done = call("POST", source + target, conditions(request), {})
    return v2.RewriteResponse(
        done=done.get("done", True),
        total_bytes_rewritten=int(done.get("totalBytesRewritten") or 0),
        object_size=int(done.get("objectSize") or 0),
        resource=to_object(done["resource"]),
    )


def grpc_get_bucket(request):
    return to_bucket(call("GET", f"/storage/v1/b/{last(request.name)}"))


def grpc_create_bucket(request):
    return to_bucket(call("POST", "/storage/v1/b", {"project": "test"}, {"name": request.bucket_id}))


METHODS = {  # name: (what it does, the request's type, the answer's type, the field that names the bucket, kind of call)
    "DeleteObject": (grpc_delete, v2.DeleteObjectRequest, None, "bucket", "delete"),
    "GetObject": (grpc_get, v2.GetObjectRequest, v2.Object, "bucket", "read"),
    "ListObjects": (grpc_list, v2.ListObjectsRequest, v2.ListObjectsResponse, "parent", "read"),
    "RewriteObject": (grpc_rewrite, v2.RewriteObjectRequest, v2.RewriteResponse, "source_bucket", "write"),
    "GetBucket": (grpc_get_bucket, v2.GetBucketRequest, v2.Bucket, "name", "read"),
    "CreateBucket": (grpc_create_bucket, v2.CreateBucketRequest, v2.Bucket, "bucket_id", "write"),
}


def grpc_method(act, request_type, answer_type, bucket_field, action):
    def answer(request, context):
        fault = FAULTS.next(last(getattr(request, bucket_field)), action)
        if fault == "hang":
            time.sleep(HANG_SECONDS)
        if fault and fault != "lost":
            context.abort(CODES.get(int(fault) if fault.isdigit() else 503, grpc.StatusCode.UNAVAILABLE), "ordered")
        try:
            done = act(request)
        except Refused as refused:
            return context.abort(CODES.get(refused.status, grpc.StatusCode.UNKNOWN), str(refused))
        if fault == "lost":
            context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
        return done

    serialize = answer_type.serialize if answer_type else empty_pb2.Empty.SerializeToString
    return grpc.unary_unary_rpc_method_handler(answer, request_type.deserialize, serialize)


def main():
    rpc = grpc.server(futures.ThreadPoolExecutor(16))
    methods = {name: grpc_method(*rest) for name, rest in METHODS.items()}
    rpc.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("google.storage.v2.Storage", methods),))
    rpc.add_insecure_port(f"{HERE}:{GRPC_PORT}")
    rpc.start()
    ThreadingHTTPServer.request_queue_size = 256
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer((HERE, HTTP_PORT), Front)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
