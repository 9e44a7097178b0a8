import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { checkNames } from '../../src/config/names.ts'
import type { Problem } from '../../src/config/problem.ts'

const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

function unknownSettings(names: readonly string[]): Problem[] {
  const problems: Problem[] = []
  checkNames(names, problems)
  return problems
}

const serviceSchema = z.object({
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  image: z.string().optional(),
  command: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
})
const composeSchema = z.object({
  services: z.object({ mailchute: serviceSchema, postgres: serviceSchema, redis: serviceSchema }),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
  volumes: z.record(z.string(), z.null()),
})

describe('compose.yaml', () => {
  test('its worker may write in its data folder only, and has no secret in its environment', async () => {
    const { services, secrets, volumes } = composeSchema.parse(parse(await read('compose.yaml')))
    const { mailchute, postgres, redis } = services
    expect(mailchute).toMatchObject({ read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'], volumes: ['data:/data'] })
    expect(unknownSettings(Object.keys(mailchute.environment))).toEqual([])
    for (const [name, value] of Object.entries(mailchute.environment)) {
      if (/KEY|TOKEN|PASSWORD|DATABASE/.test(name))
        expect([name, value]).toEqual([name, expect.stringMatching(/^\/run\/secrets\//)])
    }
    const named = [mailchute, postgres].flatMap((service) => service.secrets)
    expect(named.toSorted()).toEqual(Object.keys(secrets).toSorted())
    const mounted = [mailchute, postgres, redis].flatMap((service) => service.volumes.map((each) => each.split(':')[0]))
    expect(mounted.toSorted()).toEqual(Object.keys(volumes).toSorted())
  })

  test('its Redis evicts nothing and writes to disk, and both servers say when they are ready (I4)', async () => {
    const { postgres, redis } = composeSchema.parse(parse(await read('compose.yaml'))).services
    expect(redis.command).toMatch(/--maxmemory-policy noeviction .*--appendonly yes/)
    // Where the image of PostgreSQL 18 and newer keeps its files; with a volume anywhere else it does not start.
    expect([postgres.image, ...postgres.volumes]).toEqual(['postgres:18', 'postgres:/var/lib/postgresql'])
    expect([postgres.healthcheck?.test[0], redis.healthcheck?.test[0]]).toEqual(['CMD-SHELL', 'CMD'])
  })
})

describe('what docs/deploy.md says', () => {
  test('of secrets is what the unit hands on, and no folder of them is given to a container that cannot open it', async () => {
    const [unit, docs] = await Promise.all([read('deploy/systemd/mailchute.service'), read('docs/deploy.md')])
    const handedOn = [...unit.matchAll(/^LoadCredential=([\w-]+):/gm)].map((found) => found[1])
    const named = [...docs.matchAll(/^ +(\w+)_FILE=\/run\/credentials\/mailchute\.service\/([a-z-]+)/gm)]
    expect([...new Set(named.map((found) => found[2]))].toSorted()).toEqual(handedOn.toSorted())
    expect(unknownSettings(['MAILBOX_SUPPORT_URL', ...named.map((found) => `${found[1]}_FILE`)])).toEqual([])
    expect(docs).not.toMatch(/--volume \S*\/secrets:/)
  })
})

describe('Dockerfile', () => {
  test('nobody runs as root, and its health is asked for', async () => {
    const lines = (await read('Dockerfile')).split('\n')
    const last = (word: string) => lines.findLastIndex((line) => line.startsWith(`${word} `))
    expect(lines[last('USER')]).toBe('USER node')
    expect(last('USER')).toBeGreaterThan(last('RUN'))
    expect(lines.slice(last('HEALTHCHECK')).join('\n')).toContain('/readyz')
    expect(lines[last('VOLUME')]).toBe('VOLUME /data')
  })
})

describe('deploy/systemd/mailchute.service', () => {
  test('is shut in, and is not started anew over settings that are wrong', async () => {
    const lines = (await read('deploy/systemd/mailchute.service')).split('\n')
    for (const line of [
      'DynamicUser=yes',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'StateDirectory=mailchute',
      'Restart=on-failure',
      'RestartPreventExitStatus=64 78',
      'TimeoutStopSec=30s',
    ]) {
      expect(lines).toContain(line)
    }
  })

  test('its commands by hand are a script that a shell can read', async () => {
    const script = new URL('../../deploy/systemd/mailchute', import.meta.url).pathname
    await expect(promisify(execFile)('sh', ['-n', script])).resolves.toMatchObject({ stderr: '' })
  })

  test('systemd, where there is one, takes it as it is', async () => {
    const verify = promisify(execFile)('systemd-analyze', ['verify', '--man=no', 'deploy/systemd/mailchute.service'])
    const verified = await verify.catch((error: NodeJS.ErrnoException & { stderr: string }) => {
      if (error.code === 'ENOENT') return { stderr: '' }
      return error
    })
    // That a program is not installed where the unit expects it is no fault of the unit.
    expect(verified.stderr.split('\n').filter((line) => line !== '' && !line.includes('is not executable'))).toEqual([])
  })
})
