import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { latestNotes, obstacles, readTree, type Tree } from '../../deploy/release/check.ts'
import { VERSION } from '../../src/version.ts'

const READY: Tree = {
  packageJson: { version: '1.2.3', repository: { url: 'git+https://github.com/owner/name.git' } },
  lock: { version: '1.2.3' },
  changelog: '# Changelog\n\n## 1.2.3\n\n- One thing.\n\n## 1.2.2\n\n- Another.\n',
  compose: `  image: \${TICKHOUSE_IMAGE:-tickhouse:1.2.3}\n`,
}

test('a tree whose versions are those of the tag may be released, with the notes of that version alone', () => {
  assert.deepEqual(obstacles('v1.2.3', READY, 'owner/name'), [])
  assert.deepEqual(latestNotes(READY.changelog), { version: '1.2.3', notes: '- One thing.' })
})

describe('one obstacle is named', () => {
  const cases: [what: string, tag: string, change: Partial<Tree>, named: RegExp][] = [
    ['a tag that is no version', '1.2.3', {}, /the tag 1\.2\.3 is not v<major>/],
    [
      'another version in package.json',
      'v1.2.3',
      { packageJson: { ...READY.packageJson, version: '1.2.2' } },
      /^package\.json has version 1\.2\.2/,
    ],
    [
      'another version in the lock file',
      'v1.2.3',
      { lock: { version: '1.2.2' } },
      /^package-lock\.json has version 1\.2\.2/,
    ],
    ['a private package', 'v1.2.3', { packageJson: { ...READY.packageJson, private: true } }, /is private/],
    [
      'an unreleased heading',
      'v1.2.3',
      { changelog: '## Unreleased\n\n- New.\n\n## 1.2.3\n' },
      /CHANGELOG\.md is "Unreleased"/,
    ],
    ['no notes', 'v1.2.3', { changelog: '## 1.2.3\n\n## 1.2.2\n\n- Old.\n' }, /states nothing about 1\.2\.3/],
    [
      'another image in Compose',
      'v1.2.3',
      { compose: `\${TICKHOUSE_IMAGE:-tickhouse:1.2.2}` },
      /runs tickhouse:1\.2\.2/,
    ],
    [
      'another repository',
      'v1.2.3',
      { packageJson: { version: '1.2.3' } },
      /names no repository github\.com\/owner\/name/,
    ],
  ]
  for (const [what, tag, change, named] of cases)
    test(what, () => {
      const found = obstacles(tag, { ...READY, ...change }, 'owner/name')
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0]!, named)
    })
})

test('this tree lacks at most its heading in CHANGELOG.md', () => {
  for (const line of obstacles(`v${VERSION}`, readTree())) assert.match(line, /CHANGELOG\.md/)
})
