/** After a change of source: what only resembles another mail is held, and an operator decides. */
import { describe, expect, test } from 'vitest'
import { mail, remade } from '../../support/mails.ts'
import {
  ask,
  messages,
  open,
  pollAndWork,
  pollOnce,
  startServers,
  states,
  workAgain,
} from '../../support/source-change.ts'

describe('mail that only resembles another is held, and an operator lets it through', () => {
  const FORGED = { messageId: 'x', from: 'mallory@example.net' } as const
  test.each([
    ['the Message-ID of another sender (forged)', { id: 'x' }, { id: 'y', ...FORGED }],
    ['no Message-ID, the same sender at the same instant', { id: 'x', messageId: null }, { id: 'y', messageId: null }],
  ])('%s', async (_, one, other) => {
    await using servers = await startServers()
    servers.asCame.mailbox.deliver(mail(one))
    servers.asMade.mailbox.deliver(mail(other))
    await pollAndWork(servers.asCame, '127.0.0.1')
    await pollAndWork(servers.asMade, 'localhost')
    const { ticketed = [], quarantined = [] } = await states()
    expect(quarantined).toMatchObject([{ reason: 'duplicate/doubtful', of: ticketed[0]?.id }])
    await workAgain(servers.asMade, quarantined[0]?.id)
    const released = (await states()).ticketed ?? []
    expect(new Set(released.map(({ ticket }) => ticket)).size).toBe(2)
  })

  test('but not what came in other octets from the same source: both are kept, on one ticket', async () => {
    await using servers = await startServers()
    await pollOnce(servers.asMade, 'localhost')
    await using worker = await open(servers.asCame, '127.0.0.1')
    for (const octets of [mail({ id: 'x' }), remade(mail({ id: 'x' }))]) {
      servers.asCame.mailbox.deliver(octets)
      await worker.poll()
      await worker.workOff()
    }
    const { ticketed = [] } = await states()
    expect(ticketed).toHaveLength(2)
    expect(new Set(ticketed.map(({ ticket }) => ticket)).size).toBe(1)
  })
})

describe('the other message', () => {
  test('quarantined for its own octets leaves the mail to the copy, and finds it when it is worked again', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollOnce(servers.asCame, '127.0.0.1')
    const [first] = await messages()
    await ask(`UPDATE inbound_messages SET state = 'quarantined', reason = 'message/unparseable'`)
    await pollAndWork(servers.asMade, 'localhost')
    expect((await states()).ticketed).toMatchObject([{ source: 'pop3 localhost' }])
    await workAgain(servers.asMade, first?.id)
    expect((await states()).suppressed).toMatchObject([{ id: first?.id, reason: 'duplicate/other-source' }])
    await workAgain(servers.asMade, first?.id)
    expect((await states()).ticketed).toHaveLength(2)
  })

  test('of a database that kept no identities yet is read for it', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    await pollAndWork(servers.asCame, '127.0.0.1')
    await ask('UPDATE inbound_messages SET identity_sha256 = NULL')
    await pollAndWork(servers.asMade, 'localhost')
    expect((await states()).suppressed).toHaveLength(1)
  })
})
