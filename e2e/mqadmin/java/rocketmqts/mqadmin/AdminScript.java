package rocketmqts.mqadmin;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a script of mqadmin sub-commands and of what must happen around them against one cluster, and writes down
 * what each of them printed. One process for all, because starting a hundred would take minutes.
 *
 * <p>Arguments: script (a JSON array of steps), result (JSON, written at the end), and name=value pairs that the
 * steps refer to as {@code <name>}. A step is {@code {"run": sub-command, "arguments": [...]}} with an optional
 * {@code limitMs}, {@code endless} (ended after that many milliseconds, since it never ends by itself) and
 * {@code files} (whose text belongs to the output), or {@code {"act": action, ...}}, see {@link Surroundings}.
 */
public final class AdminScript {
    private static final long USUAL_LIMIT_MS = 20_000;

    private final Names names = new Names();
    private final Surroundings surroundings = new Surroundings(names);
    private final List<Object> results = new ArrayList<>();
    private final List<String> failedActs = new ArrayList<>();

    public static void main(String[] arguments) throws Exception {
        PrintStream console = System.err;
        AdminScript script = new AdminScript();
        for (int i = 2; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            script.names.put(pair[0], pair[1]);
        }
        int status = 0;
        try {
            script.runAll(JSON.parseArray(Files.readString(Path.of(arguments[0]))));
        } catch (Throwable unexpected) {
            unexpected.printStackTrace(console);
            status = 1;
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("names", script.names.all());
        report.put("subCommands", SubCommands.all());
        report.put("results", script.results);
        report.put("failedActs", script.failedActs);
        Files.writeString(Path.of(arguments[1]), JSON.toJSONString(report));
        SubCommands.exit(status);
    }

    private void runAll(JSONArray steps) throws Exception {
        SubCommands.start();
        for (int i = 0; i < steps.size(); i++) {
            JSONObject step = steps.getJSONObject(i);
            if (step.containsKey("run")) {
                results.add(result(step));
            } else {
                act(step);
            }
        }
    }

    /** What happens around the sub-commands must work; if it does not, the rest may still tell why. */
    private void act(JSONObject step) {
        try {
            surroundings.act(step);
        } catch (Exception failure) {
            StringWriter text = new StringWriter();
            failure.printStackTrace(new PrintWriter(text));
            failedActs.add(step + "\n" + text);
        }
    }

    /** A step that needs what an earlier one could not do has failed, too; both are told. */
    private Map<String, Object> result(JSONObject step) throws Exception {
        try {
            return run(step);
        } catch (IllegalStateException missing) {
            return Map.of("id", step.getString("id"), "end", "not tried", "took", 0, "output", missing.getMessage());
        }
    }

    private Map<String, Object> run(JSONObject step) throws Exception {
        List<String> arguments = new ArrayList<>();
        for (Object argument : step.getJSONArray("arguments")) {
            arguments.add(names.expand(argument.toString()));
        }
        for (Object file : filesIn(step)) {
            Files.deleteIfExists(Path.of(names.expand(file.toString())));
        }
        long startedMs = System.currentTimeMillis();
        SubCommands.Outcome outcome = SubCommands.run(step.getString("run"), arguments,
            step.containsKey("limitMs") ? step.getLongValue("limitMs") : USUAL_LIMIT_MS, step.getLongValue("endless"));
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("id", step.getString("id"));
        result.put("end", outcome.end());
        result.put("took", System.currentTimeMillis() - startedMs);
        result.put("output", outcome.output() + textOfFiles(step));
        return result;
    }

    private static List<?> filesIn(JSONObject step) {
        return step.containsKey("files") ? step.getJSONArray("files") : List.of();
    }

    private String textOfFiles(JSONObject step) throws Exception {
        StringBuilder text = new StringBuilder();
        for (Object file : filesIn(step)) {
            Path path = Path.of(names.expand(file.toString()));
            text.append("\n--- ").append(file).append('\n');
            text.append(Files.exists(path) ? Files.readString(path) : "(no such file)");
        }
        return text.toString();
    }
}
