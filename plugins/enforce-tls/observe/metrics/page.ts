/** The page `/enforce-tls/metrics` of Haraka's HTTP server: for the networks of `[metrics] allow[]` alone. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isInNetworks } from '../../settings/network.js'
import type { Settings } from '../../settings/types.js'
import { errorMessage } from '../../text/error-message.js'

/** Where Prometheus finds it. */
export const METRICS_PATH = '/enforce-tls/metrics'

/** The text format of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** What the page needs. */
export interface PageContext {
  readonly settings: () => Settings['metrics']
  /** The text of a scrape; may reject. */
  readonly text: () => Promise<string>
}

/** Answers one request. Total. */
export async function answerScrape(
  { settings, text }: PageContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { enabled, allow } = settings()
  const from = request.socket.remoteAddress
  if (!enabled) return end(response, 404, 'metrics are switched off: [metrics] enabled of enforce-tls.ini')
  // Who comes over a unix socket has no address; file permissions guard it.
  if (from !== undefined && !isInNetworks(from, allow))
    return end(response, 403, `${from} may not read metrics: see [metrics] allow[] of enforce-tls.ini`)
  try {
    const body = await text()
    end(response, 200, body, CONTENT_TYPE)
  } catch (error) {
    end(response, 503, `metrics are unavailable: ${errorMessage(error)}`)
  }
}

function end(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' })
  response.end(status === 200 ? body : `${body}\n`)
}
