/** A tar file (ustar, POSIX.1-1988) of one folder, streamed. */
import { createReadStream, createWriteStream } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface Member {
  /** With `/`, at most 100 octets of ASCII. */
  readonly name: string
  readonly sizeBytes: number
}

const BLOCK_BYTES = 512

/** Makes the file; rejects where there is one, or when told to stop. */
export async function writeTar(
  file: string,
  folder: string,
  members: readonly Member[],
  at: Date,
  signal: AbortSignal,
): Promise<void> {
  const written = createWriteStream(file, { flags: 'wx', mode: 0o600 })
  await pipeline(Readable.from(blocks(folder, members, at)), written, { signal })
}

async function* blocks(folder: string, members: readonly Member[], at: Date): AsyncGenerator<Buffer> {
  for (const member of members) {
    yield headerOf(member, at)
    yield* createReadStream(path.join(folder, member.name))
    yield Buffer.alloc((BLOCK_BYTES - (member.sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES)
  }
  yield Buffer.alloc(2 * BLOCK_BYTES)
}

const MODE = 0o600
const SUM_AT = 148
const SUM_BYTES = 8

function headerOf({ name, sizeBytes }: Member, at: Date): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  header.write(name, 0, 'latin1')
  header.write(octal(MODE, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  writeSize(header, sizeBytes)
  header.write(octal(Math.floor(at.getTime() / 1000), 11), 136)
  header.write('0ustar\x0000', 156, 'latin1')
  header.fill(' ', SUM_AT, SUM_AT + SUM_BYTES)
  const sum = header.reduce((total, octet) => total + octet, 0)
  header.write(`${octal(sum, 6)} `, SUM_AT)
  return header
}

const SIZE_AT = 124
const LARGEST_OCTAL = 0o77777777777

/** Above 8 GiB in binary, as GNU tar and all others read it. */
function writeSize(header: Buffer, sizeBytes: number): void {
  if (sizeBytes <= LARGEST_OCTAL) header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, SIZE_AT)
  else {
    header.writeUInt8(0x80, SIZE_AT)
    header.writeBigUInt64BE(BigInt(sizeBytes), SIZE_AT + 4)
  }
}
