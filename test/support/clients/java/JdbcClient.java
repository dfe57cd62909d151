import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** What DBeaver does through the JDBC driver: arguments are host:port, token; prints one line a finding. */
public class JdbcClient {
    static Connection connect(String token) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "default");
        properties.setProperty("password", token);
        properties.setProperty("compress", "false");
        return DriverManager.getConnection("jdbc:clickhouse://" + HOST + "/default", properties);
    }

    static String HOST;

    public static void main(String[] arguments) throws Exception {
        Class.forName("com.clickhouse.jdbc.Driver");
        HOST = arguments[0];
        String token = arguments[1];
        try (Connection connection = connect(token)) {
            System.out.println("valid " + connection.isValid(5));
            try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS text, ? AS n")) {
                statement.setString(1, "it's");
                statement.setInt(2, 7);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    System.out.println("parameters " + rows.getString(1) + " " + rows.getInt(2));
                }
            }
            try (Statement statement = connection.createStatement();
                 ResultSet rows = statement.executeQuery("SELECT number, toString(number) AS text FROM numbers(1000000)")) {
                int count = 0;
                while (rows.next()) count++;
                System.out.println("streamed " + count);
            }
            try (ResultSet tables = connection.getMetaData().getTables(null, "default", "%", null)) {
                StringBuilder names = new StringBuilder();
                while (tables.next()) names.append(' ').append(tables.getString("TABLE_NAME"));
                System.out.println("tables" + names);
            }
            try (ResultSet columns = connection.getMetaData().getColumns(null, "default", "trades", "%")) {
                int count = 0;
                while (columns.next()) count++;
                System.out.println("columns " + count);
            }
            for (String query : new String[] {"SELECT * FROM nothing", "SELECT * FROM file('/etc/hostname', 'LineAsString')"}) {
                try (Statement statement = connection.createStatement()) {
                    statement.executeQuery(query);
                } catch (SQLException error) {
                    System.out.println("error " + error.getErrorCode() + " " + error.getMessage().split("\n")[0]);
                }
            }
        }
        try (Connection connection = connect(token + "x"); Statement statement = connection.createStatement()) {
            statement.executeQuery("SELECT 1");
        } catch (SQLException error) {
            System.out.println("refused " + error.getMessage().split("\n")[0]);
        }
    }
}
