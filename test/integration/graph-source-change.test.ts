/** A mailbox that was polled over POP3 is polled over Graph, whose MIME is other octets each time, and back again. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { GRAPH_TOKEN, GRAPH_USER } from '../support/graph-account.ts'
import { startGraph } from '../support/graph-server.ts'
import { mail, remade } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { startMailbox } from '../support/sandbox.ts'
import { openWorker } from '../support/worker.ts'

const IDS = ['a', 'b', 'c', 'd']

test('mail that comes again over Graph makes no second ticket, nor does switching back', async () => {
  const databaseUrl = await createDatabase()
  await using pop3 = await startMailbox([])
  await using graph = await startGraph()
  for (const id of IDS) {
    const octets = mail({ id, from: `${id}@example.com` })
    pop3.mailbox.deliver(octets, id)
    const anew = () => [Buffer.from(`X-Made: ${randomUUID()}\r\n`), remade(octets)]
    graph.mailbox(GRAPH_USER).deliver(anew, `<${id}@example.com>`)
  }
  const overGraph = {
    MAILBOX_TEST_URL: `graph://${GRAPH_USER}?deleteAfter=never&endpoint=${graph.endpoint}`,
    MAILBOX_TEST_ACCESS_TOKEN: GRAPH_TOKEN,
  }
  const pollOver = async (settings: Record<string, string>) => {
    await using worker = await openWorker({ ...settings, DATABASE_URL: databaseUrl })
    const result = await worker.poll()
    await worker.workOff()
    const tickets = await worker.app.store.tickets.list(0, 100)
    return { result, tickets: tickets.length }
  }
  const overPop3 = pop3.env('deleteAfter=never')
  const all = IDS.length
  expect(await pollOver(overPop3)).toMatchObject({ result: { error: null, sheet: { stored: all } }, tickets: all })
  expect(await pollOver(overGraph)).toMatchObject({ result: { error: null, sheet: { stored: all } }, tickets: all })
  expect(await pollOver(overGraph)).toMatchObject({ result: { error: null, sheet: { known: all } }, tickets: all })
  expect(await pollOver(overPop3)).toMatchObject({ result: { error: null, sheet: { known: all } }, tickets: all })
  // Its cursor was of no use any more: the list is made from the beginning, and known.
  expect(await pollOver(overGraph)).toMatchObject({ result: { error: null, sheet: { known: all } }, tickets: all })
})
