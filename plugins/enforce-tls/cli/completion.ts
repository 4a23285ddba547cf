/**
 * `enforce-tls completion`: scripts for bash and zsh that ask this program, word by word, what may come next.
 *
 * A script of our own, since the libraries that know commander either patch its `parse` and can't wait for a
 * store (`@bomb.sh/tab`, an ES module besides), or do not know it at all (`omelette`, `tabtab`).
 */
import { Argument } from '@commander-js/extra-typings'
import { candidates } from './candidates.js'
import { examples, type Root } from './context.js'
import type { Terminal } from './output.js'

/** The first word of what the scripts ask, before commander would read options out of it. */
const ASK = '__complete'

const SCRIPTS = {
  // Bash breaks words at @ and : too, and replaces only what is behind; so the line is split anew. What is asked is
  // the program as it was called: by its name, by a path, or through npx, which must not fetch anything for that.
  bash: `# Completion of enforce-tls for bash, also as npx enforce-tls.
_enforce_tls() {
  local typed="\${COMP_LINE:0:COMP_POINT}" words last prefix line at=0
  read -ra words <<<"$typed"
  [[ $typed == *[[:space:]] ]] && words+=('')
  words=("\${words[@]//[\\\\\\'\\"]/}")
  COMPREPLY=()
  while ((at < \${#words[@]} - 1)) && [[ \${words[at]##*/} != enforce-tls ]]; do ((at++)); done
  ((at < \${#words[@]} - 1)) || return
  last="\${words[\${#words[@]} - 1]}"
  prefix="\${last%"\${last##*[@:=]}"}"
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "\${line#"$prefix"}")")
  done < <(npm_config_offline=true npm_config_yes=false "\${words[@]:0:at+1}" ${ASK} -- "\${words[@]:at+1}" 2>/dev/null </dev/null)
}
complete -o default -F _enforce_tls enforce-tls
complete -p npx &>/dev/null || complete -o default -F _enforce_tls npx
`,
  zsh: `#compdef enforce-tls npx
# Completion of enforce-tls for zsh, also as npx enforce-tls.
_enforce_tls() {
  local -a found
  local -i at=1
  while ((at < CURRENT)) && [[ \${\${(Q)words[at]}:t} != enforce-tls ]]; do ((at++)); done
  if ((at >= CURRENT)); then _default; return; fi
  found=("\${(@f)$(npm_config_offline=true npm_config_yes=false "\${(@Q)words[1,at]}" ${ASK} -- "\${(@Q)words[at+1,CURRENT]}" 2>/dev/null </dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _enforce_tls enforce-tls
(( \${+_comps[npx]} )) || compdef _enforce_tls npx
`,
} as const

/** Adds the `completion` command to the program. */
export function addCompletionCommand(program: Root, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a script that completes commands, options, owners and ids in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh']))
    .addHelpText(
      'after',
      examples(
        'completion bash > /etc/bash_completion.d/enforce-tls',
        'completion zsh > ~/.zfunc/_enforce-tls',
      ),
    )
    .action((shell) => {
      terminal.stdout.write(SCRIPTS[shell])
    })
}

/**
 * Answers a script of ours; finding nothing is no error, and says nothing: a person is typing.
 *
 * @param args the whole command line of the program
 * @returns whether it was the question of a script.
 */
export async function answerScript(
  program: Root,
  args: readonly string[],
  terminal: Terminal,
): Promise<boolean> {
  if (args[0] !== ASK) return false
  const found = await candidates(program, args.slice(2), terminal).catch(() => [])
  for (const word of found) terminal.stdout.write(`${word}\n`)
  return true
}
