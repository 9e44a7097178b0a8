import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { secretKeysOf } from '../../../src/access/secret-keys.ts'
import { ticketTokensOf } from '../../../src/commands/judging.ts'
import { readConfig } from '../../../src/config.ts'
import { createTicketTokens } from '../../../src/message/ticket-token.ts'

const TOKEN = { ticketNumber: 1, outboxId: '1' }

test('a worker that asked before there was a key knows the one that is made for the first acknowledgement', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'mailchute-'))
  try {
    const config = readConfig({ MAILCHUTE_DATA: dataDir }, '/nonexistent')
    const open = ticketTokensOf({ config })
    expect((await open()).verify('<t.1.1.00000000000000000000000000000000@example.org>')).toBeNull()
    const sender = createTicketTokens(await secretKeysOf(config))
    expect((await open()).verify(sender.messageId(TOKEN, 'example.org'))).toEqual(TOKEN)
  } finally {
    rmSync(dataDir, { recursive: true })
  }
})
