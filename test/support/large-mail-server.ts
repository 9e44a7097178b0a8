/**
 * A sandbox with one mail of about so many octets, made while it is sent, in a process of its own: what it takes does
 * not count as anybody else's. Says on standard output where it is and what the attachment is; ends with its input.
 */
import { startSandbox } from '../../src/sandbox/server.ts'
import { largeMail } from './large-mail.ts'

const [wantedBytes = '0'] = process.argv.slice(2)

const { sizeBytes, attachment, read } = largeMail(Number(wantedBytes))
const sandbox = await startSandbox({
  mailboxes: [{ user: 'large', password: 'secret', messages: [{ uniqueId: 'large-1', octets: { sizeBytes, read } }] }],
})
process.stdout.write(`${JSON.stringify({ url: sandbox.url('large'), sizeBytes, attachment })}\n`)
process.stdin.resume().once('end', () => sandbox.close())
