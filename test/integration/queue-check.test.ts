/** What `/readyz` and every start ask of Redis: that it takes jobs, not only that it answers. */
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { openQueue, type Queue } from '../../src/queue/queue.ts'
import { redisAvailable, startRedis } from '../support/redis.ts'

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const ignore = () => undefined

async function opened(): Promise<{ admin: Redis; open: (user?: string) => Queue }> {
  const redis = await startRedis()
  stack.defer(() => redis.stop())
  const admin = new Redis(redis.url)
  stack.defer(() => admin.disconnect())
  const open = (user = '') => {
    const queue = openQueue({ redisUrl: redis.url.replace('//', `//${user}`) }, { onTrouble: ignore })
    stack.defer(() => queue.close())
    return queue
  }
  return { admin, open }
}

describe.skipIf(!redisAvailable)('a Redis that answers and takes no jobs is unavailable, with the reason:', () => {
  test('it has no memory left', async () => {
    const { admin, open } = await opened()
    const queue = open()
    await queue.check()
    await admin.config('SET', 'maxmemory', '1')
    await expect(queue.check()).rejects.toMatchObject({
      code: 'queue/unavailable',
      message: expect.stringMatching(/takes no jobs \(OOM\)/),
    })
    await admin.config('SET', 'maxmemory', '0')
    await queue.check()
  })

  test('it has become the replica of another one', async () => {
    const { admin, open } = await opened()
    const queue = open()
    await admin.replicaof('127.0.0.1', '1')
    await expect(queue.check()).rejects.toMatchObject({
      code: 'queue/unavailable',
      message: expect.stringMatching(/\(READONLY\)/),
    })
    await admin.replicaof('NO', 'ONE')
    await queue.check()
  })

  test.each([
    ['scripts', '~* +@all -@scripting'],
    ['keys of the queue', '~other:* +@all'],
  ])('its user may not use %s', async (_, rights) => {
    const { admin, open } = await opened()
    await admin.call('ACL', 'SETUSER', 'mailchute', 'on', '>secret-canary', ...rights.split(' '))
    const error = await open('mailchute:secret-canary@')
      .check()
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'queue/unavailable', message: expect.stringMatching(/\(NOPERM\)/) })
    expect(String(error)).not.toContain('canary')
  })

  test('and leaves nothing there where it takes them', async () => {
    const { admin, open } = await opened()
    await open().check()
    expect(await admin.keys('*probe*')).toEqual([])
  })
})
