import { expect, test } from 'vitest'
import { createHostCheck } from '../../../src/console/access/host.ts'

test('the public name of the console is one of its names, and who listens elsewhere may have any', () => {
  const asked = (boundTo: string, consoleUrl: string | null, host: string | undefined) => () =>
    createHostCheck(boundTo, consoleUrl)(host)
  const refused = expect.objectContaining({ code: 'console/host-unknown' })
  expect(asked('127.0.0.1', null, 'mailchute.example.com')).toThrow(refused)
  expect(asked('::1', 'https://mailchute.example.com', 'mailchute.example.com.evil.example')).toThrow(refused)
  expect(asked('localhost', null, undefined)).toThrow(refused)
  expect(asked('127.0.0.1', null, 'a b')).toThrow(refused)
  expect(asked('127.0.0.1', 'https://mailchute.example.com', 'mailchute.example.com')).not.toThrow()
  for (const boundTo of ['0.0.0.0', '::', '192.0.2.7']) expect(asked(boundTo, null, 'any.example')).not.toThrow()
})
