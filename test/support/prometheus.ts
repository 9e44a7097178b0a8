/** Of the text format of Prometheus: each sample by its name with labels; throws at a line that is none. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n').filter((each) => each !== '')) {
    if (/^# (HELP|TYPE) [a-z0-9_]+ .+$/.test(line)) continue
    const [, name = '', value] = SAMPLE.exec(line) ?? []
    if (value === undefined) throw new Error(`this is no sample: ${line}`)
    samples.set(name, value === 'Nan' ? Number.NaN : Number(value))
  }
  return samples
}

const SAMPLE = /^([a-z0-9_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})?) (-?[0-9.]+(?:e[+-]?\d+)?|Nan)$/

/** Names of all metrics, also of those that have no sample just now. */
export function metricNames(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name)
}
