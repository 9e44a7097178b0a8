/**
 * A sandbox with one mail of about so many octets, made while it is sent, in a process of its own: what it takes does
 * not count as anybody else's. Says on standard output where it is and what the attachment is; ends with its input.
 */
import { createHash } from 'node:crypto'
import { startSandbox } from '../../src/sandbox/server.ts'

const [wantedBytes = '0'] = process.argv.slice(2)

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
const blocks = Math.ceil(Number(wantedBytes) / BLOCK_ENCODED)

/** No two blocks are the same. */
function block(number: number): Buffer {
  const octets = Buffer.alloc(BLOCK, createHash('sha256').update(String(number)).digest())
  octets.writeUInt32BE(number)
  return octets
}

const encoded = (octets: Buffer) => Buffer.from(octets.toString('base64').replace(/.{76}/g, '$&\r\n'), 'latin1')

function* read(): Generator<Buffer> {
  yield HEAD
  for (let number = 0; number < blocks; number++) yield encoded(block(number))
  yield TAIL
}

const digest = createHash('sha256')
for (let number = 0; number < blocks; number++) digest.update(block(number))
const sizeBytes = HEAD.length + blocks * BLOCK_ENCODED + TAIL.length
const sandbox = await startSandbox({
  mailboxes: [{ user: 'large', password: 'secret', messages: [{ uniqueId: 'large-1', octets: { sizeBytes, read } }] }],
})
const attachment = { sizeBytes: blocks * BLOCK, sha256: digest.digest('hex') }
process.stdout.write(`${JSON.stringify({ url: sandbox.url('large'), sizeBytes, attachment })}\n`)
process.stdin.resume().once('end', () => sandbox.close())
