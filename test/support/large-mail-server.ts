/**
 * A server with one mail of about so many octets, POP3 or Graph, in a process of its own: what it takes does not count
 * as anybody else's. Says on standard output where it is and what the attachment is; ends with its input.
 */
import { startSandbox } from '../../src/sandbox/server.ts'
import { startGraph } from './graph-server.ts'
import { largeMail } from './large-mail.ts'

const [kind = '', wantedBytes = '0'] = process.argv.slice(2)
const { attachment, ...octets } = largeMail(Number(wantedBytes))

async function overPop3() {
  const messages = [{ uniqueId: 'large-1', octets }]
  const sandbox = await startSandbox({ mailboxes: [{ user: 'large', password: 'secret', messages }] })
  const settings = { MAILBOX_LARGE_URL: sandbox.url('large'), MAILBOX_LARGE_PASSWORD: 'secret' }
  return { settings, close: () => sandbox.close() }
}

async function overGraph() {
  const server = await startGraph()
  server.mailbox('large@contoso.example').deliver(octets.read, '<large@customer.example>')
  const url = `graph://large@contoso.example?endpoint=${server.endpoint}`
  const settings = { MAILBOX_LARGE_URL: url, MAILBOX_LARGE_ACCESS_TOKEN: 'secret' }
  return { settings, close: () => server[Symbol.asyncDispose]() }
}

const { settings, close } = kind === 'graph' ? await overGraph() : await overPop3()
process.stdout.write(`${JSON.stringify({ settings, sizeBytes: octets.sizeBytes, attachment })}\n`)
process.stdin.resume().once('end', () => close())
