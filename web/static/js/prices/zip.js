// A ZIP archive of files, made in the browser: each deflated, so that forty files go in one request.

const TABLE = Uint32Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const DEFLATED = 8;
const UTF_8_NAMES = 0x0800;
const VERSION = 20;
const JANUARY_1980 = 33; // as archives write dates: the files' own are of no use

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A file packed as a member: its parts for the archive, and the bytes that it takes there. */
export async function pack(name, file) {
  const raw = new Uint8Array(await file.arrayBuffer());
  const content = new Uint8Array(await new Response(new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer());
  const path = new TextEncoder().encode(name);
  const common = [
    [VERSION, 2],
    [UTF_8_NAMES, 2],
    [DEFLATED, 2],
    [0, 2],
    [JANUARY_1980, 2],
    [crc32(raw), 4],
    [content.length, 4],
    [raw.length, 4],
    [path.length, 2],
    [0, 2],
  ];
  const local = numbers([[0x04034b50, 4], ...common]);
  return { common, path, parts: [local, path, content], bytes: local.length + path.length + content.length };
}

/** The archive of packed members, as a Blob. */
export function archiveOf(members) {
  const parts = [];
  const directory = [];
  let offset = 0;
  let size = 0;
  for (const member of members) {
    parts.push(...member.parts);
    const entry = numbers([[0x02014b50, 4], [VERSION, 2], ...member.common, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]]);
    directory.push(entry, member.path);
    offset += member.bytes;
    size += entry.length + member.path.length;
  }
  const end = numbers([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [members.length, 2],
    [members.length, 2],
    [size, 4],
    [offset, 4],
    [0, 2],
  ]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Numbers of 2 or 4 bytes, the lowest byte first. */
function numbers(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, width]) => sum + width, 0)));
  let at = 0;
  for (const [value, width] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}
