import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'vitest'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, start } from '../support/program.ts'
import { writeFileSync } from 'node:fs'
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from 'node:worker_threads'
  import { readFileSync, writeSync } from 'node:fs'
  if (isMainThread) { const t0=performance.now(); const say = () => { const m = process.memoryUsage(); const st=readFileSync('/proc/self/status', 'utf8'); writeSync(2, Math.round(performance.now()-t0)+' '+ ['rss','heapTotal','heapUsed','external','arrayBuffers'].map(k => k+' '+Math.round(m[k]/1e6)).join(' ')+ ' hwm '+ Math.round(/VmHWM:\\s*(\\d+)/.exec(st)[1]*1024/1e6)+' anon '+Math.round(/RssAnon:\\s*(\\d+)/.exec(st)[1]*1024/1e6)+'\\n') }
  setInterval(say, 150).unref(); process.on('exit', say) }
`)}`
test('mem', async () => {
  await buildProgram()
  const child = spawn(process.execPath, ['/work/main/test/support/large-mail-server.ts', process.env.BYTES ?? '150000000'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const { url } = JSON.parse(String(line))
  const databaseUrl = await createDatabase()
  const extra = (process.env.NODEX ?? '').split(' ').filter(Boolean)
  const e = await start(['drain', '--json'], { DATABASE_URL: databaseUrl, MAILBOX_LARGE_URL: url, MAILBOX_LARGE_PASSWORD: 'secret' , ...JSON.parse(process.env.ENVX ?? '{}')}, { node: [...extra, '--import', HOOK] }).ended
  child.stdin.end()
  writeFileSync('/tmp/h1/mem.log', e.stderr + e.stdout)
}, 100000)
