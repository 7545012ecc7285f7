/** An address and a port as people write them: `127.0.0.1:80`, `[::1]:80`. IPv4 inside of IPv6 is shown as IPv4. */
export function addressText(bytes: Uint8Array, port: number): string {
  if (bytes.length === 4) return `${bytes.join(".")}:${port}`;
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? `${bytes.subarray(12).join(".")}:${port}` : `[${ipv6Text(bytes)}]:${port}`;
}

/** RFC 5952: the longest run of zeros, the first of several, is written `::`. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8 | bytes[i * 2 + 1]!));
  let start = -1, length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = Math.max(i, end - 1);
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
