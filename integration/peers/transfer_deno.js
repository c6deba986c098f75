// Transfers by deno (quinn), over raw QUIC streams: see ../lib/transfers.sh for the words.
//   transfer_deno.js server PORT CERTIFICATE KEY
//   transfer_deno.js client ADDRESS PORT AUTHORITY KIND SIZE EVERY COUNT SECONDS
// A stream begins with 32 bytes of text: what its other end shall send back, "SIZE EVERY COUNT", "0 0 0" for nothing.
const HEAD = 32;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function send(writer, size, every, count) {
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    await pause(Math.max(0, began + i * every - performance.now()));
    for (let left = size; left > 0; left -= 65536) {
      await writer.write(new Uint8Array(Math.min(left, 65536)));
    }
  }
}

async function answer(stream) {
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  let head = "";
  let sending = null;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    if (head.length < HEAD) head += new TextDecoder().decode(value.subarray(0, HEAD - head.length));
    if (head.length === HEAD && !sending) sending = send(writer, ...head.trim().split(" ").map(Number));
  }
  await sending;
  await writer.close();
}

async function serve(port, certificate, key) {
  const endpoint = new Deno.QuicEndpoint({ hostname: "0.0.0.0", port });
  const listener = endpoint.listen({
    cert: Deno.readTextFileSync(certificate),
    key: Deno.readTextFileSync(key),
    alpnProtocols: ["transfer"],
  });
  console.log("ready");
  for await (const incoming of listener) {
    (async () => {
      const connection = await incoming.accept();
      for await (const stream of connection.incomingBidirectionalStreams) answer(stream).catch(() => {});
    })().catch(() => {});
  }
}

// One stream: asks for `back`, sends `forth`.
async function exchange(connection, back, forth) {
  const stream = await connection.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  await writer.write(new TextEncoder().encode(back.join(" ").padEnd(HEAD)));
  const sending = send(writer, ...forth).then(() => writer.close());
  let got = 0;
  for await (const bytes of stream.readable) got += bytes.length;
  await sending;
  return got;
}

async function transfer(connection, kind, size, every, count) {
  const much = [size, every, count];
  const nothing = [0, 0, 0];
  if (kind === "get") await exchange(connection, much, nothing);
  if (kind === "put") await exchange(connection, nothing, much);
  if (kind === "talk") await exchange(connection, much, much);
  for (let i = 0; kind === "ask" && i < count; i++) {
    const began = performance.now();
    await exchange(connection, [size, 0, 1], nothing);
    await pause(Math.max(0, began + every - performance.now()));
  }
}

const [mode, ...rest] = Deno.args;
if (mode === "server") {
  await serve(Number(rest[0]), rest[1], rest[2]);
} else {
  const [hostname, port, authority, kind, size, every, count, seconds] = rest;
  const connection = await Deno.connectQuic({
    hostname,
    port: Number(port),
    serverName: "server.test",
    caCerts: [Deno.readTextFileSync(authority)],
    alpnProtocols: ["transfer"],
  });
  await Promise.race([
    transfer(connection, kind, Number(size), Number(every), Number(count)),
    pause(1000 * Number(seconds)),
  ]);
  globalThis.addEventListener("unhandledrejection", (event) => event.preventDefault()); // of what is cut off here
  connection.close();
  await pause(100);
  Deno.exit(0);
}
