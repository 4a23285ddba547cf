/** Where a Haraka with an HTTP server has its metrics. */
import type { Haraka } from './haraka.js'

/** Waits for the HTTP server, which comes last, when Haraka has run its start-up hooks. */
export async function metricsUrl(haraka: Haraka): Promise<string> {
  await haraka.waitForLog(/Listening on \S+[^]*Listening on \S+:\d/)
  const ports = [...haraka.log.matchAll(/Listening on \S+:(\d+)/g)].map(([, port]) => port)
  return `http://127.0.0.1:${ports.find((port) => port !== String(haraka.port)) ?? ''}/enforce-tls/metrics`
}
