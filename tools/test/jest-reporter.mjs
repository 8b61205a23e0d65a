/** Says little while all is well: the failures in full, and one line a suite that was slow. */
export default class BriefReporter {
  onTestResult(_test, result) {
    const seconds = (result.perfStats.end - result.perfStats.start) / 1000;
    if (result.failureMessage) process.stderr.write(`${result.failureMessage}\n`);
    else if (seconds > 5)
      process.stderr.write(
        `slow: ${result.testFilePath.split('/').slice(-4).join('/')} ${seconds.toFixed(1)} s\n`,
      );
  }
}
