/** A mail with one attachment, of about so many octets, made while it is read. */
import { createHash } from 'node:crypto'

export interface LargeMail {
  readonly sizeBytes: number
  readonly attachment: { readonly sizeBytes: number; readonly sha256: string }
  read(): Generator<Buffer>
}

export function largeMail(wantedBytes: number): LargeMail {
  const blocks = Math.ceil(wantedBytes / BLOCK_ENCODED)
  const digest = createHash('sha256')
  for (let number = 0; number < blocks; number++) digest.update(block(number))
  return {
    sizeBytes: HEAD.length + blocks * BLOCK_ENCODED + TAIL.length,
    attachment: { sizeBytes: blocks * BLOCK, sha256: digest.digest('hex') },
    *read() {
      yield HEAD
      for (let number = 0; number < blocks; number++) yield encoded(block(number))
      yield TAIL
    },
  }
}

const HEAD = Buffer.from(
  [
    'From: Ann <ann@customer.example>',
    'To: support@mailchute.example',
    'Subject: a large file',
    'Message-ID: <large@customer.example>',
    'Content-Type: multipart/mixed; boundary=large',
    '',
    '--large',
    'Content-Type: text/plain',
    '',
    'See the file.',
    '--large',
    'Content-Type: application/octet-stream; name=large.bin',
    'Content-Disposition: attachment; filename=large.bin',
    'Content-Transfer-Encoding: base64',
    '',
    '',
  ].join('\r\n'),
)
const TAIL = Buffer.from('--large--\r\n')

/** Octets of a block before base64 and after: whole lines of 57 octets, 76 characters and their CRLF. */
const LINES = 500
const BLOCK = LINES * 57
const BLOCK_ENCODED = LINES * 78
/** No two blocks are the same. */
function block(number: number): Buffer {
  const octets = Buffer.alloc(BLOCK, createHash('sha256').update(String(number)).digest())
  octets.writeUInt32BE(number)
  return octets
}

const encoded = (octets: Buffer) => Buffer.from(octets.toString('base64').replace(/.{76}/g, '$&\r\n'), 'latin1')
