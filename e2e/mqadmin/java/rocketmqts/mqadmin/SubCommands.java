package rocketmqts.mqadmin;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Permission;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Options;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.srvutil.ServerUtil;
import org.apache.rocketmq.tools.command.MQAdminStartup;
import org.apache.rocketmq.tools.command.SubCommand;

/** Runs sub-commands as Apache's {@code MQAdminStartup} does, but several in one process, with their output kept. */
final class SubCommands extends MQAdminStartup {
    /** A command that was told to end gets this long until the next one starts. */
    private static final long ENDING_LIMIT_MS = 10_000;

    /** @param end how it ended: {@code done}, {@code failed}, {@code exit n}, {@code endless}, {@code timed out} */
    record Outcome(String end, String output) {
    }

    /** Thrown where a sub-command wanted to end the process. */
    private static final class ExitWanted extends SecurityException {
        final int status;

        ExitWanted(int status) {
            super("exit " + status);
            this.status = status;
        }
    }

    private static volatile boolean exitAllowed;

    private SubCommands() {
    }

    /** Ends this process, whatever threads the sub-commands have left behind. */
    static void exit(int status) {
        exitAllowed = true;
        Runtime.getRuntime().halt(status);
    }

    @SuppressWarnings("removal")
    static void start() {
        initCommand();
        System.setSecurityManager(new SecurityManager() {
            @Override
            public void checkExit(int status) {
                if (!exitAllowed) {
                    throw new ExitWanted(status);
                }
            }

            @Override
            public void checkPermission(Permission permission) {
            }
        });
    }

    /** The names of all sub-commands that this version has, in its order. */
    static List<String> all() {
        return SUB_COMMANDS.stream().map(SubCommand::commandName).toList();
    }

    /**
     * @param limitMs after which a command has failed by not ending
     * @param endlessMs for a command that never ends by itself: how long it may run; otherwise 0
     */
    static Outcome run(String name, List<String> arguments, long limitMs, long endlessMs) throws Exception {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        String[] end = {null};
        Thread thread = new Thread(() -> end[0] = execute(name, arguments, captured), "mqadmin " + name);
        thread.setDaemon(true);
        System.setOut(captured);
        System.setErr(captured);
        try {
            Set<Thread> others = eventThreads();
            thread.start();
            awaitEnd(thread, endlessMs > 0 ? endlessMs : limitMs, others, false);
            // Whatever it prints while it is being ended is about that, not about the cluster.
            String output = bytes.toString(StandardCharsets.UTF_8);
            if (!thread.isAlive()) {
                return new Outcome(end[0], output);
            }
            awaitEnd(thread, ENDING_LIMIT_MS, others, true);
            return new Outcome(endlessMs > 0 ? "endless" : "timed out", output);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    /**
     * A client that stops waits for a thread that looks for the end only every 3 s. Nothing comes of that wait but
     * minutes, so that thread is woken.
     *
     * @param others such threads of other clients, which must not be disturbed
     * @param interrupted whether the command shall end before its time
     */
    private static void awaitEnd(Thread thread, long limitMs, Set<Thread> others, boolean interrupted)
        throws InterruptedException {
        long deadlineMs = System.currentTimeMillis() + limitMs;
        while (thread.isAlive() && System.currentTimeMillis() < deadlineMs) {
            thread.join(10);
            if (isStoppingItsClient(thread)) {
                eventThreads().stream().filter(event -> !others.contains(event)).forEach(Thread::interrupt);
            } else if (interrupted) {
                // Again and again: some take it for a failed send and go on.
                thread.interrupt();
            }
        }
    }

    private static boolean isStoppingItsClient(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> "shutdown".equals(frame.getMethodName())
            && frame.getClassName().endsWith(".NettyRemotingClient"));
    }

    private static Set<Thread> eventThreads() {
        return Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("NettyEventExecutor")).collect(Collectors.toSet());
    }

    private static String execute(String name, List<String> arguments, PrintStream captured) {
        try {
            if ("help".equals(name)) {
                MQAdminStartup.main(arguments.isEmpty() ? new String[0] : new String[] {"help", arguments.get(0)});
                return "done";
            }
            SubCommand command = find(name);
            Options options = command.buildCommandlineOptions(ServerUtil.buildCommandlineOptions(new Options()));
            CommandLine line = ServerUtil.parseCmdLine("mqadmin " + name, arguments.toArray(new String[0]), options,
                new DefaultParser());
            if (line.hasOption('n')) {
                System.setProperty(MixAll.NAMESRV_ADDR_PROPERTY, line.getOptionValue('n'));
            }
            command.execute(line, options, null);
            return "done";
        } catch (ExitWanted exit) {
            return "exit " + exit.status;
        } catch (Throwable failure) {
            failure.printStackTrace(captured);
            return "failed";
        }
    }

    /** A new object each time: some keep a client in a field, which is of no use after they ended. */
    private static SubCommand find(String name) throws Exception {
        for (SubCommand command : SUB_COMMANDS) {
            if (command.commandName().equals(name)) {
                return command.getClass().getDeclaredConstructor().newInstance();
            }
        }
        throw new IllegalArgumentException("mqadmin has no sub-command " + name);
    }
}
