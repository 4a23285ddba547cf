/** The bounce preview outside of a Haraka: with the package's own templates and this machine's name. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { BounceTexts } from '../delivery/bounce/compose.js'
import type { Settings } from '../settings/types.js'
import { previewBounce, type PreviewRequest } from './preview-bounce.js'

const CONFIG = path.resolve(__dirname, '..', '..', '..', '..', 'config')

/** @throws when the package's files can't be read. */
export async function packagedPreview(
  request: PreviewRequest,
  { failure }: Pick<Settings, 'failure'>,
): Promise<BounceTexts> {
  const [text, html] = await Promise.all([
    template('enforce-tls.bounce_message'),
    template('enforce-tls.bounce_message_html'),
  ])
  return previewBounce(request, {
    me: hostname(),
    content: failure.bounceContent,
    templates: { text, html },
    now: new Date(),
  })
}

async function template(name: string): Promise<readonly string[]> {
  return (await readFile(path.join(CONFIG, name), 'utf8')).split('\n')
}
