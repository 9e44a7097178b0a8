/** A message as an async source, in chunks of any size. */
export async function* inChunks(message: string | Buffer, chunkOctets = 65_536): AsyncGenerator<Buffer> {
  const octets = Buffer.from(message)
  for (let start = 0; start < octets.length; start += chunkOctets) yield octets.subarray(start, start + chunkOctets)
}

export const mail = (...lines: string[]): string => `${lines.join('\r\n')}\r\n`
