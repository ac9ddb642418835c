import { readTFRecords } from 'recordpipe';
import { compileFeatures, fixedLen, varLen } from 'recordpipe/messages';

const plan = compileFeatures({
  user_id: fixedLen([], 'int64'),
  name: fixedLen([], 'bytes'),
  scores: varLen('float'),
});
const text = new TextDecoder();
let total = 0n;
let largest = 0n;
const names = [];
for await (const record of readTFRecords('users.tfrecord')) {
  const { user_id: user, name, scores } = plan.parse(record);
  total += user;
  if (user > largest) largest = user;
  if (scores.reduce((sum, score) => sum + score, 0) > 1.5) names.push(text.decode(name));
}
console.log(`${total} ${largest}`);
console.log(names.join(','));
