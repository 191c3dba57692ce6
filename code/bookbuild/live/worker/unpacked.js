// What `pack.cjs` has packed, for the frame and for its worker: {files: [path, content] each, later}.
const unzipping = (blob) => blob.stream().pipeThrough(new DecompressionStream("gzip"));
const unpacked = async (blob) => {
  const pack = new Uint8Array(await new Response(unzipping(blob)).arrayBuffer());
  let at = 4 + new DataView(pack.buffer).getUint32(0, true);
  const { files, later } = JSON.parse(new TextDecoder().decode(pack.subarray(4, at)));
  return { files: files.map(([path, size]) => [path, pack.subarray(at, at += size)]), later };
};
