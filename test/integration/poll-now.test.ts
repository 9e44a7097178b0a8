import { beforeAll, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, run, start } from '../support/program.ts'

const TOKEN = 'a-token-of-the-console-0'

beforeAll(buildProgram)

test('a poll that somebody asks for does not wait until the back-off is over', async () => {
  await using sandbox = await startSandbox({ mailboxes: [{ user: 'support', password: 'secret' }] })
  const settings = {
    DATABASE_URL: await createDatabase(),
    // Never by its schedule.
    MAILBOX_SUPPORT_URL: `${sandbox.url('support')}?schedule=0 0 0 1 1 *`,
    MAILBOX_SUPPORT_PASSWORD: 'secret',
    CONSOLE_TOKEN: TOKEN,
    HTTP_PORT: '0',
  }
  expect((await run(['drain'], { ...settings, MAILBOX_SUPPORT_PASSWORD: 'old' })).code).toBe(77)
  const worker = start(['run', '--only', 'poll,serve'], settings)
  const { port } = await worker.line(({ event }) => event === 'serve.started')
  const asked = await fetch(`http://127.0.0.1:${port}/api/v1/mailboxes/support/poll`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
  })
  expect(asked.status).toBe(202)
  expect(await worker.line(({ event }) => event === 'mailbox.resumed')).toMatchObject({ mailbox: 'support' })
  worker.child.kill('SIGTERM')
  expect((await worker.ended).code).toBe(0)
})
