// Reads texts as lines of JSON; writes for each its weighted length and its links, with their
// places in UTF-16.
const fs = require('fs');
const path = require('path');
const twitter = require(path.resolve(process.argv[2], 'node_modules/twitter-text'));
const lines = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
const answers = lines.map((line) => {
  const text = JSON.parse(line);
  const links = twitter.extractUrlsWithIndices(text).map((link) => [link.url, ...link.indices]);
  return JSON.stringify([twitter.parseTweet(text).weightedLength, links]);
});
process.stdout.write(answers.join('\n') + '\n');
