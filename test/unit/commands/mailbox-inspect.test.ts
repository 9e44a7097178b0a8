import { expect, test } from 'vitest'
import { inspectionText } from '../../../src/commands/mailbox-inspect.ts'

test("a server's words drive no terminal", () => {
  const text = inspectionText({
    ...{ mailbox: 'test', messages: 0, octets: 0, milliseconds: 1, protocol: 'pop3', server: 'h:995' },
    ...{ encryption: 'tls', user: 'u', login: 'password', oldest: null, newest: null },
    capabilities: ['UIDL', 'IMPLEMENTATION \x1b]0;OWNED\x07', '\x9b2J\rLOGIN'],
  })
  expect(text).toContain('UIDL, IMPLEMENTATION  ]0;OWNED ,  2J LOGIN\n')
})
