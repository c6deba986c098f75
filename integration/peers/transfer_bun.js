// Transfers by bun (lsquic), over HTTP/3: see ../lib/transfers.sh for the words.
//   transfer_bun.js server PORT CERTIFICATE KEY
//   transfer_bun.js client ADDRESS PORT AUTHORITY KIND SIZE EVERY COUNT SECONDS
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function flow(size, every, count) {
  if (count === 1) return new Uint8Array(size);
  const began = performance.now();
  let i = 0;
  return new ReadableStream({
    async pull(controller) {
      await pause(Math.max(0, began + i * every - performance.now()));
      controller.enqueue(new Uint8Array(size));
      if (++i === count) controller.close();
    },
  });
}

function serve(port, certificate, key) {
  Bun.serve({
    hostname: "0.0.0.0",
    port,
    http1: false,
    http3: true,
    idleTimeout: 60,
    maxRequestBodySize: 1 << 30,
    tls: { cert: Bun.file(certificate), key: Bun.file(key) },
    async fetch(request) {
      const [, size, every, count] = new URL(request.url).pathname.split("/").map(Number);
      if (request.method === "POST" && size === 0) {
        for await (const bytes of request.body) void bytes;
      }
      return size ? new Response(flow(size, every, count)) : new Response("done");
    },
  });
  console.log("ready");
}

async function exchange(origin, back, body) {
  const options = { protocol: "http3", tls: { rejectUnauthorized: false } };
  if (body) Object.assign(options, { method: "POST", body, duplex: "half" });
  const response = await fetch(`${origin}/${back.join("/")}`, options);
  for await (const bytes of response.body) void bytes;
}

async function transfer(origin, kind, size, every, count) {
  if (kind === "get") await exchange(origin, [size, every, count]);
  if (kind === "put") await exchange(origin, [0, 0, 0], flow(size, every, count));
  for (let i = 0; kind === "ask" && i < count; i++) {
    const began = performance.now();
    await exchange(origin, [size, 0, 1]);
    await pause(Math.max(0, began + every - performance.now()));
  }
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "server") {
  serve(Number(rest[0]), rest[1], rest[2]);
} else {
  const [address, port, , kind, size, every, count, seconds] = rest;
  await Promise.race([
    transfer(`https://${address}:${port}`, kind, Number(size), Number(every), Number(count)),
    pause(1000 * Number(seconds)),
  ]);
  process.exit(0);
}
