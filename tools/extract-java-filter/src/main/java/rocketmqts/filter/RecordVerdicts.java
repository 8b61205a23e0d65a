package rocketmqts.filter;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.rocketmq.broker.filter.MessageEvaluationContext;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.Expression;

/**
 * Asks Apache's own filter about every expression of a table and every message of another.
 *
 * Arguments: the file of cases ({"messages": [properties as stored], "expressions": [...]}), the file to write: one line
 * per expression, one letter per message: T true, F false, U unknown (null), X thrown; or "-" where the expression is refused.
 */
public final class RecordVerdicts {
    public static void main(String[] args) throws Exception {
        JSONObject cases = JSON.parseObject(Files.readString(Path.of(args[0])));
        JSONArray messages = cases.getJSONArray("messages");
        StringBuilder lines = new StringBuilder();
        for (Object text : cases.getJSONArray("expressions")) {
            lines.append(verdicts((String) text, messages)).append('\n');
        }
        Files.writeString(Path.of(args[1]), lines.toString());
    }

    private static String verdicts(String text, JSONArray messages) {
        Expression expression;
        try {
            expression = FilterFactory.INSTANCE.get("SQL92").compile(text);
        } catch (Throwable refused) {
            return "-";
        }
        StringBuilder line = new StringBuilder();
        for (Object stored : messages) {
            Map<String, String> properties = MessageDecoder.string2messageProperties((String) stored);
            line.append(verdict(expression, properties));
        }
        return line.toString();
    }

    private static char verdict(Expression expression, Map<String, String> properties) {
        try {
            Object value = expression.evaluate(new MessageEvaluationContext(properties));
            if (value == null) {
                return 'U';
            }
            return Boolean.TRUE.equals(value) ? 'T' : 'F';
        } catch (Throwable thrown) {
            return 'X';
        }
    }

    private RecordVerdicts() {
    }
}
