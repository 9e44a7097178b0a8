import { expect, test } from 'vitest'
import { adviceFor } from '../../../src/commands/doctor/advice.ts'
import { readConfig } from '../../../src/config.ts'

function adviceOn(url: string): string {
  const env = { MAILBOX_A_URL: url, MAILBOX_A_ACCESS_TOKEN: 'token' }
  return readConfig(env, '/nonexistent')
    .mailboxes.flatMap((mailbox) => adviceFor(mailbox))
    .map(({ said, todo }) => `${said}\n${todo}`)
    .join('\n')
}

test.each([
  [
    'outlook://a@corp.example',
    'Set-CASMailbox -Identity a@corp.example -PopUseProtocolDefaults $false -PopSuppressReadReceipt $true',
  ],
  ['outlook://a@corp.example', '-PopForceICalForCalendarRetrievalOption $true'],
  ['imaps://a@corp.example@outlook.office365.com?auth=oauth', '-ImapSuppressReadReceipt $true'],
  ['outlook://a@outlook.com', 'Forwarding and IMAP'],
])('%s: what cannot be seen from here, with the exact command or menu', (url, advice) => {
  expect(adviceOn(url)).toContain(advice)
})

test.each([
  'graph://a@corp.example',
  'outlook://a@outlook.com?deleteAfter=never',
  'pop3s://a@pop.example.com?auth=oauth',
])('%s: nothing', (url) => {
  expect(adviceOn(url)).toBe('')
})
